################################################################################
# What every process must know and may do: penstock/settings.py reads it
################################################################################

locals {
  prefix = "${var.project}-${var.stage}"

  settings = merge(
    local.stack,
    var.dashboard_url == null ? {} : { PENSTOCK_DASHBOARD_URL = var.dashboard_url },
    var.task_metrics ? { PENSTOCK_TASK_METRICS = "1" } : {},
  )

  stack = {
    PENSTOCK_TABLE          = module.results.name
    PENSTOCK_PAYLOAD_BUCKET = module.payloads.name

    PENSTOCK_QUEUES = jsonencode({
      for name, queue in module.queue_list.queues : name => {
        url                = module.queue[name].url
        time_limit         = queue.time_limit
        max_receive_count  = queue.max_receive_count
        visibility_timeout = queue.visibility_timeout
      }
    })
  }

  # Whoever enqueues: the web, other services, and the workers, for tasks may enqueue tasks.
  enqueue_statements = [
    { actions = ["sqs:SendMessage"], resources = values(module.queue)[*].arn },
    { actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [module.results.arn] },
    { actions = ["s3:PutObject"], resources = ["${module.payloads.arn}/arguments/*"] }, # too large for a message
  ]

  # The reconciler imports the tasks, which may want them in the environment. The worker module has its own, for the same reason.
  secret_names = { for name, source in var.worker_secrets : name => coalesce(source.ssm_parameter, source.secret) }

  container_queues      = { for name, queue in module.queue_list.queues : name => queue if queue.worker == "container" }
  container_environment = merge(local.settings, var.environment, local.secret_names)
  alive_file            = "/tmp/penstock-alive"
  stop_timeout          = 120                     # seconds, the most that Fargate gives
  grace                 = local.stop_timeout - 15 # for the receive or the clean-up under way, and for the hand-back

  package = coalesce(var.worker_package, "${path.root}/../../build/worker-${var.architecture}.zip")
}
