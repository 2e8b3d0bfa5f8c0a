################################################################################
# Names, URLs, ARNs
################################################################################

output "region" {
  description = "The AWS region."
  value       = data.aws_region.current.id
}

output "queues" {
  description = "Queue name => what it became: names, URLs and ARNs of queue and dead-letter queue, timeouts in seconds; function_timeout is null where containers work on it."

  value = {
    for name, queue in module.queue_list.queues : name => {
      name               = module.queue[name].name
      url                = module.queue[name].url
      arn                = module.queue[name].arn
      dead_letter_name   = module.queue[name].dead_letter_name
      dead_letter_url    = module.queue[name].dead_letter_url
      dead_letter_arn    = module.queue[name].dead_letter_arn
      visibility_timeout = queue.visibility_timeout
      function_timeout   = queue.function_timeout
    }
  }
}

output "workers" {
  description = "Queue name => its worker: function name and ARN, role, log group, and the event source mapping that pauses it."

  value = {
    for name, _ in module.worker : name => {
      function_name        = module.worker[name].function_name
      function_arn         = module.worker[name].function_arn
      role_arn             = module.worker[name].role_arn
      log_group            = module.worker[name].log_group
      event_source_mapping = module.worker[name].event_source_mapping
    }
  }
}

output "container_workers" {
  description = "Queue name => what a container that works on it needs, wherever it runs: environment and policy (JSON); and the service on ECS, null where containers is."

  value = {
    for name, _ in local.container_queues : name => {
      environment = local.container_environment
      policy      = jsonencode({ Version = "2012-10-17", Statement = module.container_policy[name].statements })
      service     = try(module.container[name].service, null)
      cluster_arn = try(module.container[name].cluster_arn, null)
      log_group   = try(module.container[name].log_group, null)
    }
  }
}

output "reconciler" {
  description = "The reconciler: function name and ARN, role, log group, schedule, and the alarm on each dead-letter queue."

  value = {
    function_name = module.reconciler.function_name
    function_arn  = module.reconciler.function_arn
    role_arn      = module.reconciler.role_arn
    log_group     = module.reconciler.log_group
    schedule      = module.reconciler.schedule
    alarms        = module.reconciler.alarms
  }
}

output "alarms" {
  description = "Whom the alarms tell (topic_arn: subscribe a pager to it), their names, and the page of the dashboard; null without alarms."
  value = try(
    {
      topic_arn = module.observability[0].topic_arn
      names     = sort(concat(module.observability[0].alarms, values(module.reconciler.alarms)))
      dashboard = module.observability[0].dashboard
    },
    null,
  )
}

output "table" {
  description = "The name of the table of outcomes."
  value       = module.results.name
}

output "table_arn" {
  description = "The ARN of the table of outcomes."
  value       = module.results.arn
}

output "payload_bucket" {
  description = "The name of the bucket for large results and envelopes."
  value       = module.payloads.name
}

output "payload_bucket_arn" {
  description = "The ARN of that bucket."
  value       = module.payloads.arn
}

output "dead_letter_console" {
  description = "Queue name => the console's page of its dead-letter queue, which has the button Start DLQ redrive."
  value       = { for name, _ in module.queue_list.queues : name => "${local.console}#/queues/${urlencode(module.queue[name].dead_letter_url)}" }
}

locals {
  console_domains = { aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com" }
  console_domain  = lookup(local.console_domains, data.aws_partition.current.partition, "console.aws.amazon.com")
  console         = "https://${data.aws_region.current.id}.${local.console_domain}/sqs/v3/home?region=${data.aws_region.current.id}"
}

################################################################################
# For other services, and for the web
################################################################################

output "enqueue_policy" {
  description = "A policy document (JSON) for the role of another service that enqueues."

  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in local.enqueue_statements : {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }
    ]
  })
}

output "enqueue_environment" {
  description = "The environment of another service that enqueues."
  value       = local.settings
}

output "web_policy" {
  description = "A policy document (JSON) for the role of a web that enqueues and has the operations views mounted."
  value       = jsonencode({ Version = "2012-10-17", Statement = module.web_policy.statements })
}

output "web" {
  description = "What Zappa takes from here: role_arn, deploy_bucket and log_group; null where the web runs elsewhere."

  value = var.web == null ? null : {
    role_arn      = module.web[0].role_arn
    deploy_bucket = module.web[0].deploy_bucket
    log_group     = module.web[0].log_group
  }
}
