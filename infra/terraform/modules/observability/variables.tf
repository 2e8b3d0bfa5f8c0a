################################################################################
# What is watched
################################################################################

variable "name" {
  description = "What the names of topic and dashboard begin with, such as penstock-prod."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,200}$", var.name))
    error_message = "name is \"${var.name}\": take up to 200 letters, digits, hyphens and underscores."
  }
}

variable "queues" {
  description = "Queue name => its names at AWS, the function that works on it (null: containers do), and for how many seconds a worker may be at work: the function's timeout, or a task's time limit."
  type = map(object({
    name             = string
    dead_letter_name = string
    function_name    = optional(string)
    worker_timeout   = number
  }))
  nullable = false
}

variable "reconciler" {
  description = "The reconciler: the names of its function and of its schedule, and the minutes from one look to the next."
  type = object({
    function_name  = string
    schedule       = string
    period_minutes = number
  })
  nullable = false
}

variable "dead_letter_alarms" {
  description = "ARNs of the alarms on the dead-letter queues, which the reconciler module makes, for the dashboard to show."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "task_metrics" {
  description = "true: the workers count by task, and the dashboard shows it."
  type        = bool
  default     = false
  nullable    = false
}

################################################################################
# Whom it tells, and what to do then
################################################################################

variable "topic_arn" {
  description = "The ARN of an existing SNS topic; null makes one, encrypted with a key of its own. A topic that is encrypted must let CloudWatch use its key. Write the ARN out: it has to be known before the apply."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.topic_arn))
    error_message = "topic_arn is \"${coalesce(var.topic_arn, "null")}\": write the ARN of a standard topic, such as arn:aws:sns:eu-central-1:123456789012:on-call. CloudWatch cannot call a FIFO topic."
  }
}

variable "emails" {
  description = "Addresses that get a mail for each alarm, and when it is over. Each has to open the link in a first mail from AWS."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails takes addresses such as oncall@example.com. Repair: ${join(", ", [for email in var.emails : email if !can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])}."
  }

  validation {
    condition     = var.topic_arn == null || length(var.emails) == 0
    error_message = "emails are for the topic that is made here: subscribe ${join(", ", var.emails)} to ${coalesce(var.topic_arn, "your topic")} yourself, or leave topic_arn out."
  }
}

variable "runbook_url" {
  description = "Where docs/runbook.md can be read at night, such as https://wiki.example.com/penstock/runbook. Each alarm links its chapter of it."
  type        = string
  default     = "docs/runbook.md"
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s#]{1,300}$", var.runbook_url))
    error_message = "runbook_url is \"${var.runbook_url}\": write a URL of up to 300 characters without blanks and without a #, for the chapter follows it."
  }
}

################################################################################
# When
################################################################################

variable "thresholds" {
  description = "Queue name => what is normal there: oldest_age_seconds that a message may wait (twice the function timeout, or a task's time limit where containers work; at least 900), deaths within five minutes (10), error_percent of the invocations (10). More is an alarm."
  type = map(object({
    oldest_age_seconds = optional(number)
    deaths             = optional(number)
    error_percent      = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.thresholds), keys(var.queues))) == 0
    error_message = "thresholds names queues that there are not: ${join(", ", setsubtract(keys(var.thresholds), keys(var.queues)))}. There are ${join(", ", keys(var.queues))}."
  }

  validation {
    condition = alltrue(flatten([for threshold in var.thresholds : [
      coalesce(threshold.oldest_age_seconds, 60) >= 60, coalesce(threshold.deaths, 0) >= 0,
      coalesce(threshold.error_percent, 0) >= 0, coalesce(threshold.error_percent, 0) < 100,
    ]]))
    error_message = "thresholds: oldest_age_seconds is 60 or more, for SQS counts once a minute; deaths 0 or more; error_percent from 0 and below 100. Got ${jsonencode(var.thresholds)}."
  }
}
