"""The stand-in for AWS on one machine, for any Flask project: ``Stack(Project(...), ...)`` runs all of it.

| modules | what they are for |
|---|---|
| project, stack, supervisor, process, ready, lifeline | a project's processes: start in order, reload, stop, leave none |
| environment, sockets | what each of them gets: fake credentials, a loopback endpoint, a port |
| moto_host, provision | AWS's part: moto behind one lock, and on it what Terraform makes at AWS |
| web, workers | the WSGI application; one event source mapping and one function a queue |
| dev, command, flask_dev | the stack on a terminal; ``flask penstock dev``, and the way to the app's own commands |
| survey, task_queues | what a Flask app is like before its stack starts; queues that fit its tasks |
| flask_app, flask_web, flask_worker, flask_reconciler | the app, loaded as Flask loads it, and what is made of it |
| mapping, pollers, batch_answer, sqs_event | THE event source mapping simulator |
| function, execution_environment, runtime, invocation | Lambda's part |
"""
