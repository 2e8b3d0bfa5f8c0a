# Queues, outcomes, workers and the reconciler of one stage. What is the application's own (other buckets, other policies,
# other names in the environment) comes in from the root that uses this module.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

################################################################################
# Queues, each with its dead-letter queue
################################################################################

module "queue_list" {
  source = "../queue_list"

  prefix = local.prefix
  queues = var.queues
}

module "queue" {
  source   = "../queue"
  for_each = module.queue_list.queues

  name               = "${local.prefix}-${each.key}"
  fifo               = each.value.fifo
  visibility_timeout = each.value.visibility_timeout
  max_receive_count  = each.value.max_receive_count
}

################################################################################
# Outcomes; and what is too large for a message or for a row
################################################################################

module "results" {
  source = "../results"

  name                = "${local.prefix}-tasks"
  deletion_protection = var.deletion_protection
}

module "payloads" {
  source = "../bucket"

  name                = "${local.prefix}-payloads-${data.aws_caller_identity.current.account_id}"
  deletion_protection = var.deletion_protection

  expire_after_days = {
    "arguments/" = var.payload_retention_days
    "results/"   = var.payload_retention_days
    "envelopes/" = var.payload_retention_days
  }
}

################################################################################
# Workers, one a queue: a function, or containers
################################################################################

module "worker" {
  source   = "../worker"
  for_each = { for name, queue in module.queue_list.queues : name => queue if queue.worker == "lambda" }

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
  payload_bucket_arn = module.payloads.arn
  environment        = merge(local.settings, var.environment)
  statements         = concat(local.enqueue_statements, var.task_statements)
  secrets            = var.worker_secrets
  vpc                = var.vpc
  log_retention_days = var.log_retention_days
  tracing            = var.tracing
}

module "container_policy" {
  source   = "../worker_policy"
  for_each = local.container_queues

  queue_arn          = module.queue[each.key].arn
  table_arn          = module.results.arn
  payload_bucket_arn = module.payloads.arn
  statements         = concat(local.enqueue_statements, var.task_statements)
  secrets            = var.worker_secrets
}

module "container" {
  source   = "../container"
  for_each = { for name, queue in local.container_queues : name => queue if var.containers != null }

  name                = "${local.prefix}-worker-${each.key}"
  image               = var.containers.image
  repository_arn      = var.containers.repository_arn
  architecture        = var.architecture
  command             = ["--queue", each.key, "--grace", tostring(local.grace), "--metrics", "--alive-file", local.alive_file]
  stop_timeout        = local.stop_timeout
  health_check        = ["python", "-m", "penstock.alive", local.alive_file]
  cpu                 = var.containers.cpu
  memory              = var.containers.memory
  cluster_arn         = var.containers.cluster_arn
  subnet_ids          = var.containers.subnet_ids
  security_group_ids  = var.containers.security_group_ids
  assign_public_ip    = var.containers.assign_public_ip
  queue_name          = module.queue[each.key].name
  min_count           = var.containers.min_count
  max_count           = each.value.max_concurrency
  messages_per_worker = var.containers.messages_per_worker
  environment         = local.container_environment
  secrets             = var.containers.secrets
  statements          = module.container_policy[each.key].statements
  log_retention_days  = var.log_retention_days
}

################################################################################
# Reconciler: closes the book on what SQS buried by itself
################################################################################

module "reconciler" {
  source = "../reconciler"

  name               = "${local.prefix}-reconciler"
  package            = local.package
  architecture       = var.architecture
  period_minutes     = var.reconciler_period_minutes
  dead_letter_queues = { for name, queue in module.queue : name => { name = queue.dead_letter_name, arn = queue.dead_letter_arn } }
  table_arn          = module.results.arn
  payload_bucket_arn = module.payloads.arn
  environment        = merge(local.settings, var.environment, local.secret_names)
  statements         = var.reconciler_statements
  log_retention_days = var.log_retention_days
  alarm_topics       = var.alarms == null ? [] : [module.observability[0].topic_arn] # not [*]: this one output, no circle
  runbook_url        = try(var.alarms.runbook_url, null)
}

################################################################################
# Alarms and a dashboard, where somebody is to be told. The alarm on a dead-letter queue is the reconciler's, and tells them too.
################################################################################

module "observability" {
  source = "../observability"
  count  = var.alarms == null ? 0 : 1

  name         = local.prefix
  task_metrics = var.task_metrics
  emails       = var.alarms.emails
  topic_arn    = var.alarms.topic_arn
  runbook_url  = var.alarms.runbook_url
  thresholds   = var.alarms.thresholds

  queues = {
    for name, queue in module.queue_list.queues : name => {
      name             = module.queue[name].name
      dead_letter_name = module.queue[name].dead_letter_name
      function_name    = try(module.worker[name].function_name, null)
      worker_timeout   = coalesce(queue.function_timeout, queue.time_limit)
    }
  }

  reconciler = {
    function_name  = module.reconciler.function_name
    schedule       = module.reconciler.schedule
    period_minutes = var.reconciler_period_minutes
  }

  dead_letter_alarms = module.reconciler.alarm_arns
}

################################################################################
# Web: what it may do, wherever it runs; and everything but the function itself where Zappa deploys it
################################################################################

module "web_policy" {
  source = "../web_policy"

  queue_arns            = values(module.queue)[*].arn
  dead_letter_arns      = values(module.queue)[*].dead_letter_arn
  event_source_mappings = values(module.worker)[*].event_source_mapping
  table_arn             = module.results.arn
  index_arns            = module.results.index_arns
  payload_bucket_arn    = module.payloads.arn
  statements            = concat(local.enqueue_statements, var.web == null ? [] : var.web.statements)
}

module "web" {
  source = "../web"
  count  = var.web == null ? 0 : 1

  name               = local.prefix
  deploy_bucket      = "${local.prefix}-deploy-${data.aws_caller_identity.current.account_id}"
  statements         = module.web_policy.statements
  log_retention_days = var.log_retention_days
}
