"""`make bench`: the promised speeds, each as a ratio in one run. Wrong results fail it, slow ones never."""
