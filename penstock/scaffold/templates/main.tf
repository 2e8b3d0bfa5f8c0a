# Penstock for this app: queues, workers, table of outcomes, reconciler. `flask penstock init` wrote this root; it is yours.
# The modules in penstock/ are a copy of the installed version's: leave them as they are. penstock/stack/variables*.tf
# describes every setting that there is beside those used here.

module "penstock" {
  source = "./penstock/stack"

  project      = var.project
  stage        = var.stage
  queues       = var.queues       # queues.auto.tfvars.json; `flask penstock dev` reads it too
  architecture = var.architecture # of the zip: build/worker-<architecture>.zip, made by `flask penstock package`

  # What your tasks and your app read from their environment in a worker. Never a secret: those are named below.
  environment = var.environment

  # Environment variable => where its value is: { DATABASE_SECRET = { secret = "shop/database" } }. The workers get the name
  # and may read the value.
  worker_secrets = {}

  # What your tasks may do at AWS beside: [{ actions = ["ses:SendEmail"], resources = ["arn:aws:ses:..."] }].
  task_statements = []

  # The same for the reconciler: it makes your app too, for its on_dead hooks. What the app reads at AWS when it is made, such as
  # the value of a worker secret, and what a hook does there. It runs outside of the VPC.
  reconciler_statements = []

  # For tasks that reach a database in a VPC: { subnet_ids = ["subnet-..."], security_group_ids = ["sg-..."] }.
  vpc = null

  # For queues whose worker is "container", on ECS: { image = "...", subnet_ids = ["subnet-..."], security_group_ids = ["sg-..."] }.
  # null: they run elsewhere; output container_workers has what they need.
  containers = null

  # Alarms and a CloudWatch dashboard: { emails = ["oncall@example.com"] }. null: dead letters only call the reconciler.
  alarms = null

  # Where the dashboard is, such as https://shop.example.com/penstock: messages then link to their task's page.
  dashboard_url = null

  # true: neither the table nor a bucket with objects can be deleted, not even by `terraform destroy`.
  deletion_protection = var.deletion_protection
}
