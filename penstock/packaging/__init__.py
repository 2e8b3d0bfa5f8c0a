"""The workers' zip: wheels for Lambda's platform and the project's own sources, compiled, checked and tried.

``flask penstock package`` makes it for any project. What a worker runs knows nothing of this: it stays out of the zip.
"""
