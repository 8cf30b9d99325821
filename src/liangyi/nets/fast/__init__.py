"""The same meaning computed faster, on a CPU; a test holds each form to the plain one."""
