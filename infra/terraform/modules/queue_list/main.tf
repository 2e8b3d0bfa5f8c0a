################################################################################
# What follows from the list of queues: the same derivations as penstock/local/queue_list.py, which tests compare
################################################################################

locals {
  visibility_factor = 6 # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html

  sized_queues = {
    for name, queue in var.queues : name => merge(queue, {
      batch_size = coalesce(queue.batch_size, queue.fifo ? 1 : 10)
    })
  }

  timed_queues = {
    for name, queue in local.sized_queues : name => merge(queue, {
      function_timeout = queue.batch_size * queue.time_limit + local.function_timeout_margin
    })
  }

  queues = {
    for name, queue in local.timed_queues : name => merge(queue, {
      visibility_timeout = local.visibility_factor * queue.function_timeout + queue.batch_window
    })
  }
}
