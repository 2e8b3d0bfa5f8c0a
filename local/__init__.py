"""This project on one machine, without AWS: ``python -m local demo | dev | env``."""
