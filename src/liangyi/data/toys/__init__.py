"""Laws of the plane with known truth: where GANs fail, and by how much, can be counted."""
