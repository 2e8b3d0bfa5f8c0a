"""For all tests."""

import signal

# Whoever runs the tests in the background (a CI's agent, `make test &`) has them start with Ctrl-C ignored, and every program
# that they start inherits that. Some of them are about Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
