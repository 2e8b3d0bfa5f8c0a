"""The Penstock object of this project. Task modules import it from here, everyone else from ``tasks``."""

from penstock import Penstock

tasks = Penstock()
