data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

################################################################################
# Queues, outcomes, workers, reconciler, and what Zappa needs
################################################################################

module "stack" {
  source = "./modules/stack"

  project       = var.project
  stage         = var.stage
  queues        = var.queues
  dashboard_url = var.dashboard_url

  worker_package  = var.worker_package
  architecture    = var.architecture
  memory_size     = var.memory_size
  environment     = merge(local.task_environment, var.environment)
  worker_secrets  = var.worker_secrets
  task_statements = concat(local.reference_task_statements, var.task_statements)
  vpc             = var.vpc
  containers      = var.containers
  tracing         = var.tracing
  task_metrics    = var.task_metrics
  alarms          = var.alarms

  reconciler_period_minutes = var.reconciler_period_minutes
  reconciler_statements     = var.reconciler_statements

  deletion_protection    = var.deletion_protection
  payload_retention_days = var.payload_retention_days
  log_retention_days     = var.log_retention_days

  web = { statements = local.web_upload_statements }
}

################################################################################
# Uploads: what visitors post straight to S3, and what the reference tasks make of it
################################################################################

module "uploads" {
  source = "./modules/bucket"

  name                = "${var.project}-${var.stage}-uploads-${data.aws_caller_identity.current.account_id}"
  cors_origins        = var.upload_origins
  deletion_protection = var.deletion_protection

  expire_after_days = var.upload_retention_days == null ? {} : {
    "uploads/"    = var.upload_retention_days
    "thumbnails/" = var.upload_retention_days
    "reports/"    = var.upload_retention_days
    "emails/"     = var.upload_retention_days # notes: a redriven mail is told by its note, so they stay as long
  }
}
