"""What penstock.local needs to know of this project."""

from pathlib import Path

from penstock.local.project import Project

PROJECT = Project(
    root=Path(__file__).resolve().parents[1],
    app="flask_app.wsgi:app",
    handler="lambdas.worker:handler",
    reconciler="lambdas.reconciler:handler",
    buckets={"UPLOADS_BUCKET": "penstock-local-uploads"},
    # Whatever the shell sets for other stages: here it is this machine and the defaults.
    environ={"PENSTOCK_LOCAL": "1", "ALLOWED_HOSTS": "", "UPLOAD_LIMIT_BYTES": ""},
    watch=("tasks", "flask_app", "lambdas", "penstock"),
)
