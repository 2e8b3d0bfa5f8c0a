"""How this project gets to AWS: command lines, each run from the project's root, each telling what went wrong in words.

| command | gives |
|---|---|
| `python -m tools.package [--arch x86_64] [--output ZIP] [--json]` | the workers' zip, `build/worker-<arch>.zip` |
| `python -m tools.deploy up --stage NAME [--json]` | a running stage: package, Terraform, Zappa, smoke test; prints the URL |
| `python -m tools.deploy down --stage NAME [--yes]` | the stage taken down, in the reverse order |
| `python -m tools.deploy settings --stage NAME` | `build/<stage>/zappa_settings.json` alone, from Terraform's outputs |
| `python -m tools.dist [--output FOLDER] [--json]` | the library's wheel and sdist, `dist/` |
| `python -m tools.release --tag TAG --repository OWNER/NAME` | whether that tag may be released, and what has changed |
| `python -m tools.smoke_aws --stage NAME` | proof on a real account: a task runs, another dies and is redriven |

`deploy` and `smoke_aws` take `--terraform DIR` for a root module that is somewhere else than in infra/terraform.

Exit codes: 0 done, 1 it could not be done (the reason is on stderr, after ``error:``), 2 the command line makes no sense.
With ``--json`` the last line on stdout is one JSON object.

What they read from the environment: PYTHON_LAMBDA (the interpreter of Lambda's version, else one is looked for),
PENSTOCK_TF_PLUGIN_DIR (Terraform providers on disk, for a machine that has no registry), AWS_ENDPOINT_URL (an emulator
instead of AWS) and what boto3 and Terraform read themselves.
"""
