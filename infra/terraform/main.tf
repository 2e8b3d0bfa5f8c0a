data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

################################################################################
# Queues, each with its dead-letter queue
################################################################################

module "queue" {
  source   = "./modules/queue"
  for_each = local.queues

  name               = "${local.prefix}-${each.key}"
  fifo               = each.value.fifo
  visibility_timeout = each.value.visibility_timeout
  max_receive_count  = each.value.max_receive_count
}

################################################################################
# Outcomes, uploads, payloads
################################################################################

module "results" {
  source = "./modules/results"

  name                = "${local.prefix}-tasks"
  deletion_protection = var.deletion_protection
}

module "uploads" {
  source = "./modules/uploads"

  name_prefix            = local.prefix
  name_suffix            = data.aws_caller_identity.current.account_id
  upload_retention_days  = var.upload_retention_days
  payload_retention_days = var.payload_retention_days
  upload_origins         = var.upload_origins
  deletion_protection    = var.deletion_protection
}

################################################################################
# Workers, one a queue
################################################################################

module "worker" {
  source   = "./modules/worker"
  for_each = local.queues

  name               = "${local.prefix}-worker-${each.key}"
  package            = local.package
  architecture       = var.architecture
  timeout            = each.value.function_timeout
  memory_size        = var.memory_size
  batch_size         = each.value.batch_size
  batch_window       = each.value.batch_window
  max_concurrency    = each.value.max_concurrency
  queue_arn          = module.queue[each.key].arn
  table_arn          = module.results.arn
  payload_bucket_arn = module.uploads.payload_bucket_arn
  environment        = merge(local.settings, local.task_environment, var.environment)
  statements         = concat(local.enqueue_statements, local.reference_task_statements, var.task_statements)
  secrets            = var.worker_secrets
  vpc                = var.vpc
  log_retention_days = var.log_retention_days
  tracing            = var.tracing
}

################################################################################
# Reconciler: closes the book on what SQS buried by itself
################################################################################

module "reconciler" {
  source = "./modules/reconciler"

  name               = "${local.prefix}-reconciler"
  package            = local.package
  architecture       = var.architecture
  period_minutes     = var.reconciler_period_minutes
  dead_letter_queues = { for name, queue in module.queue : name => { name = queue.dead_letter_name, arn = queue.dead_letter_arn } }
  table_arn          = module.results.arn
  payload_bucket_arn = module.uploads.payload_bucket_arn
  environment        = merge(local.settings, local.task_environment, var.environment, local.secret_names)
  statements         = var.reconciler_statements
  log_retention_days = var.log_retention_days
}

################################################################################
# Web: everything but the function itself, which Zappa deploys
################################################################################

module "web" {
  source = "./modules/web"

  name                  = local.prefix
  deploy_bucket         = "${local.prefix}-deploy-${data.aws_caller_identity.current.account_id}"
  queue_arns            = values(module.queue)[*].arn
  dead_letter_arns      = values(module.queue)[*].dead_letter_arn
  event_source_mappings = values(module.worker)[*].event_source_mapping
  table_arn             = module.results.arn
  index_arns            = module.results.index_arns
  payload_bucket_arn    = module.uploads.payload_bucket_arn
  statements            = concat(local.enqueue_statements, local.web_upload_statements)
  log_retention_days    = var.log_retention_days
}
