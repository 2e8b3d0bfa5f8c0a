"""What the local stack serves of a Flask project that names its app in FLASK_APP."""

from flask import Flask

from penstock.local.flask_app import load

app: Flask = load()
