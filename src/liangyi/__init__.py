"""liangyi (两仪): train, judge and use generative adversarial networks and their kin."""
