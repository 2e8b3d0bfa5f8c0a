# This project in a container, as web or as worker: one image, two targets.
#
#   docker build --target web --tag penstock-web .           the pages, the API and the dashboard, under gunicorn
#   docker build --target worker --tag penstock-worker .     `flask penstock worker`; the queues come behind it: --queue reports
#
# docs/worker.md has how to run them: as a user without a name, under a read-only root with a tmpfs at /tmp.

# An exact tag can be pushed anew; a digest cannot. `docker buildx imagetools inspect python:3.13.9-slim-trixie` prints it:
# write it behind the tag, python:3.13.9-slim-trixie@sha256:..., and let a bot keep it fresh.
ARG PYTHON_IMAGE=python:3.13.9-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements-image.txt ./
# Wheels only: nothing is compiled here, so that no stage has a compiler.
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: --requirement requirements-image.txt
COPY penstock penstock
COPY tasks tasks
COPY flask_app flask_app
# The root is read-only later: what is not compiled now would be compiled at every start.
RUN python -m compileall -q penstock tasks flask_app

FROM ${PYTHON_IMAGE} AS runtime
ENV PATH="/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONFAULTHANDLER=1
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Where a read-only root leaves it something to write to. ECS gives the mount the rights that the folder has here.
VOLUME /tmp
# A number, so that Kubernetes can tell that it is not root; it owns nothing.
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS worker
# Not the web's app, which asks for the web's secrets.
ENV FLASK_APP=flask_app.worker
# The file that the worker touches while it is well: a task of hours is, a process that is stuck is not.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "penstock.alive", "/tmp/penstock-alive"]
ENTRYPOINT ["flask", "penstock", "worker", "--alive-file", "/tmp/penstock-alive"]
CMD ["--queue", "default"]

FROM runtime AS web
# gunicorn listens on PORT, on every address of the container; FLASK_APP is for a shell in it.
ENV PORT=8000 \
    FLASK_APP=flask_app.wsgi
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-I", "flask_app/health.py"]
# Its heartbeat is a file too: /dev/shm is memory everywhere, /tmp need not be. GUNICORN_CMD_ARGS adds options.
CMD ["gunicorn", "--workers=2", "--threads=8", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "flask_app.wsgi:app"]
