################################################################################
# What follows from the list of queues: the same derivations as penstock/queue_list.py, which tests compare
################################################################################

locals {
  visibility_factor = 6 # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html

  sized_queues = {
    for name, queue in var.queues : name => merge(queue, {
      batch_size   = coalesce(queue.batch_size, queue.fifo || queue.worker == "container" ? 1 : 10)
      batch_window = coalesce(queue.batch_window, 0)
    })
  }

  timed_queues = {
    for name, queue in local.sized_queues : name => merge(queue, {
      function_timeout = queue.worker == "container" ? null : queue.batch_size * queue.time_limit + local.function_timeout_margin
    })
  }

  queues = {
    for name, queue in local.timed_queues : name => merge(queue, {
      visibility_timeout = queue.worker == "container" ? local.lease_seconds + local.visibility_margin_seconds : local.visibility_factor * queue.function_timeout + queue.batch_window
    })
  }
}
