"""``flask penstock init``: what a project needs beside its code to be deployed, written once and never overwritten."""
