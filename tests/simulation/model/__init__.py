"""The delivery protocol as a model, explored exhaustively.

One task, two physical sends, two workers, the people around them, SQS, the reconciler and the clock take steps in every
possible order, with every possible fault; ``checker.explore`` visits each state once. What a row allows is not told again
here: the transitions and the table of refused claims are the library's own (``rules``), so the model checks the code.
The order of everybody's calls is told again: in ``producer``, ``worker``, ``people`` and ``reconciler``.

``python -m tests.simulation.model`` tells how many states there are, and for each mutant the shortest way to its failure.

What is left out, so that the states stay few:

- Time: a lease is alive or expired, a retry is due or later. The clock may move at any moment.
- Receive counts: SQS may bury a message at any moment at which it may show it. Where a message neither waits for its
  burial nor is throttled, that is a fault.
- Tokens: a lease_owner is only ever compared with that of the row, so of each token only that comparison is kept.
- Send times: only their order, and of the times that nobody remembers nothing.
- Everybody's number of tries at the table, backoff, batches, results and error texts.
"""
