################################################################################
# Queues: the same rules as penstock/queue_list.py, which reads queues.auto.tfvars.json for the local stack
################################################################################

variable "prefix" {
  description = "What the names at AWS begin with, such as penstock-dev."
  type        = string
}

variable "queues" {
  description = "Queue name => what a person decides about it; times in seconds. The rest is derived, see main.tf."

  type = map(object({
    fifo              = optional(bool, false)
    time_limit        = optional(number, 60) # of one task
    batch_size        = optional(number)     # 10; of a FIFO queue 1
    batch_window      = optional(number)     # 0
    max_receive_count = optional(number, 10)
    max_concurrency   = optional(number, 10)
    worker            = optional(string, "lambda") # or container: `flask penstock worker`, one message at a time
  }))

  nullable = false

  validation {
    condition     = length(var.queues) > 0
    error_message = "queues names no queue. Write {\"queues\": {\"default\": {}}} into queues.auto.tfvars.json."
  }

  validation {
    condition     = alltrue([for name, _ in var.queues : can(regex("^[A-Za-z0-9_-]+$", name)) && !endswith(name, "-dlq")])
    error_message = "A queue's name is made of letters, digits, hyphens and underscores and does not end in -dlq, which is kept for its dead-letter queue; .fifo is added where fifo is true. Rename one of: ${join(", ", keys(var.queues))}."
  }

  validation {
    condition     = alltrue([for name, _ in var.queues : length("${var.prefix}-worker-${name}") <= 64])
    error_message = "Lambda and IAM take names of 64 characters. Shorten the queue's, the stage's or the project's: ${join(", ", [for name, _ in var.queues : "${var.prefix}-worker-${name}" if length("${var.prefix}-worker-${name}") > 64])}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : contains(keys(local.queue_ranges), queue.worker)])
    error_message = "A queue's worker is lambda or container. Repair ${join(", ", [for name, queue in var.queues : "${name} (${queue.worker})" if !contains(keys(local.queue_ranges), queue.worker)])}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : queue.worker != "container" || (queue.batch_size == null && queue.batch_window == null)])
    error_message = "batch_size and batch_window are of Lambda's batches, and a worker in a container takes one message at a time. Take them out of ${join(", ", [for name, queue in var.queues : name if queue.worker == "container" && !(queue.batch_size == null && queue.batch_window == null)])}."
  }

  validation {
    condition = alltrue(flatten([
      for _, queue in var.queues : [
        for key, range in lookup(local.queue_ranges, queue.worker, local.no_ranges) : min(max(floor(coalesce(queue[key], range.min)), range.min), range.max) == coalesce(queue[key], range.min)
      ]
    ]))
    error_message = "Out of range: ${join("; ", flatten([
      for name, queue in var.queues : [
        for key, range in lookup(local.queue_ranges, queue.worker, local.no_ranges) : "${name}.${key} is ${queue[key]}, it must be a whole number from ${range.min} to ${range.max}${range.because}"
        if min(max(floor(coalesce(queue[key], range.min)), range.min), range.max) != coalesce(queue[key], range.min)
      ]
    ]))}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : !queue.fifo || coalesce(queue.batch_size, 1) == 1])
    error_message = "A FIFO queue takes batch_size 1: handing back the rest of a message group after a failure costs each of its messages a receive. Change ${join(", ", [for name, queue in var.queues : "${name} (${queue.batch_size})" if queue.fifo && coalesce(queue.batch_size, 1) != 1])}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : !queue.fifo || coalesce(queue.batch_window, 0) == 0])
    error_message = "AWS has no batch window for FIFO queues: set batch_window to 0. Change ${join(", ", [for name, queue in var.queues : "${name} (${coalesce(queue.batch_window, 0)})" if queue.fifo && coalesce(queue.batch_window, 0) != 0])}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : queue.fifo || coalesce(queue.batch_size, 10) <= 10 || coalesce(queue.batch_window, 0) >= 1])
    error_message = "Above 10 messages a batch AWS asks for a batch_window of 1 to 300 s. Change ${join(", ", [for name, queue in var.queues : "${name} (batch_size ${coalesce(queue.batch_size, 10)})" if coalesce(queue.batch_size, 10) > 10 && coalesce(queue.batch_window, 0) < 1])}."
  }

  validation {
    condition     = alltrue([for _, queue in var.queues : queue.worker == "container" || queue.time_limit > local.max_batch_seconds || coalesce(queue.batch_size, queue.fifo ? 1 : 10) * queue.time_limit <= local.max_batch_seconds])
    error_message = "batch_size x time_limit + ${local.function_timeout_margin} s is the function timeout, of which Lambda allows 900 s. Make batch_size smaller: ${join(", ", [for name, queue in var.queues : "${name} (${coalesce(queue.batch_size, queue.fifo ? 1 : 10)} x ${queue.time_limit} s; at most ${floor(local.max_batch_seconds / queue.time_limit)} fit)" if queue.worker != "container" && queue.time_limit <= local.max_batch_seconds && coalesce(queue.batch_size, queue.fifo ? 1 : 10) * queue.time_limit > local.max_batch_seconds])}."
  }
}

################################################################################
# What the rules are made of. No local here may depend on var.queues: the rules judge it before it is anybody's value.
################################################################################

locals {
  max_function_timeout    = 900 # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  function_timeout_margin = 10  # seconds: the claims, the settles and the answer of a full batch
  max_batch_seconds       = local.max_function_timeout - local.function_timeout_margin

  # A worker in a container renews its lease and hides its message as it goes: penstock/poller.py has the numbers.
  lease_seconds                 = 60
  visibility_margin_seconds     = 5
  max_time_limit_of_a_container = 43200 - 2 * local.lease_seconds # SQS hides a message for 12 hours in all

  no_ranges               = {} # of a worker that there is not, which another rule refuses
  max_receive_count_range = { min = 5, max = 1000, because = ": below 5, throttles alone bury messages that never ran" }

  queue_ranges = {
    lambda = {
      time_limit        = { min = 1, max = local.max_batch_seconds, because = ": Lambda's 900 s less what an invocation needs beside user code. With worker = container it may be ${local.max_time_limit_of_a_container}, see docs/worker.md" }
      batch_size        = { min = 1, max = 10000, because = "" }
      batch_window      = { min = 0, max = 300, because = "" }
      max_receive_count = local.max_receive_count_range
      max_concurrency   = { min = 2, max = 1000, because = ": AWS knows no mapping below 2. One task at a time is a FIFO queue with one message group" }
    }

    container = {
      time_limit        = { min = 1, max = local.max_time_limit_of_a_container, because = ": SQS hides a received message for 12 hours in all" }
      max_receive_count = local.max_receive_count_range
      max_concurrency   = { min = 1, max = 1000, because = ": containers at once" }
    }
  }
}
