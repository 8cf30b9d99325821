"""The lab: experiments, many trainings under equal terms, and the records of their figures."""
