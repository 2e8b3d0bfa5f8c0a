################################################################################
# Dashboard: the alarms, then a row a queue. The first three of an account are free, each further one is 3 USD a month.
################################################################################

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    periodOverride = "inherit"
    widgets        = concat(local.alarm_widgets, local.queue_widgets, local.task_widgets, [local.reconciler_widget])
  })
}

locals {
  alarms = concat(
    values(aws_cloudwatch_metric_alarm.oldest_message),
    values(aws_cloudwatch_metric_alarm.crashes),
    values(aws_cloudwatch_metric_alarm.throttles),
    values(aws_cloudwatch_metric_alarm.deaths),
    values(aws_cloudwatch_metric_alarm.unavailable),
    [aws_cloudwatch_metric_alarm.reconciler_fails, aws_cloudwatch_metric_alarm.reconciler_silent],
  )

  # A grid of 24 columns: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
  alarm_height = 4
  height       = 6
  names        = sort(keys(local.queues))
  region       = data.aws_region.current.id

  # A widget takes 100 alarms.
  alarm_widgets = [
    for row, arns in chunklist(concat(var.dead_letter_alarms, local.alarms[*].arn), 100) : {
      type       = "alarm"
      x          = 0
      y          = local.alarm_height * row
      width      = 24
      height     = local.alarm_height
      properties = { title = "Alarms", alarms = arns, sortBy = "stateUpdatedTimestamp" }
    }
  ]
  charts_begin = local.alarm_height * length(local.alarm_widgets)

  charts = {
    for name, queue in local.queues : name => concat([
      {
        title = "${name}: what became of tasks"
        metrics = [
          for outcome in ["Succeeded", "Retrying", "Failed", "Dead", "Unavailable"] :
          ["Penstock", outcome, "queue", queue.name, "service", "penstock", { stat = "Sum" }]
        ]
        annotations = []
      },
      {
        title = "${name}: what waits"
        metrics = [
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name, { stat = "Maximum", label = "waiting" }],
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.dead_letter_name, { stat = "Maximum", label = "dead letters" }],
          ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name, { stat = "Maximum", label = "age of the oldest (s)", yAxis = "right" }],
        ]
        annotations = [{ label = "too old", value = queue.oldest_age_seconds, yAxis = "right" }]
      },
      {
        title = "${name}: how long (ms)"
        metrics = [
          ["Penstock", "Duration", "queue", queue.name, "service", "penstock", { stat = "p50", label = "run, half of them" }],
          ["Penstock", "Duration", "queue", queue.name, "service", "penstock", { stat = "p95", label = "run, 95 of 100" }],
          ["Penstock", "QueueTime", "queue", queue.name, "service", "penstock", { stat = "p95", label = "from send to start, 95 of 100" }],
        ]
        annotations = []
      },
      ], [
      for function_name in queue.function_name == null ? [] : [queue.function_name] : {
        title = "${name}: its worker"
        metrics = [
          for metric, stat in { Invocations = "Sum", Errors = "Sum", Throttles = "Sum", ConcurrentExecutions = "Maximum" } :
          ["AWS/Lambda", metric, "FunctionName", function_name, { stat = stat }]
        ]
        annotations = []
      }
    ])
  }

  queue_widgets = flatten([
    for row, name in local.names : [
      for column, chart in local.charts[name] : {
        type   = "metric"
        x      = 6 * column
        y      = local.charts_begin + local.height * row
        width  = 6
        height = local.height
        properties = {
          title       = chart.title
          region      = local.region
          view        = "timeSeries"
          period      = 300
          metrics     = chart.metrics
          annotations = { horizontal = chart.annotations }
        }
      }
    ]
  ])

  # A search finds the tasks that have counted something: which these are, only the workers know.
  task_widgets = [
    for column, shown in { Succeeded = "Sum", Retrying = "Sum", Dead = "Sum", Duration = "p95" } : {
      type                           = "metric"
      x                              = 6 * index(["Succeeded", "Retrying", "Dead", "Duration"], column)
      y                              = local.charts_begin + local.height * length(local.names)
      width                          = 6
      height                         = local.height
      properties = {
        title  = "By task: ${column}"
        region = local.region
        view   = "timeSeries"
        period = 300
        metrics = [
          for number, name in local.names :
          [{ expression = "SEARCH('{Penstock,queue,service,task} MetricName=\"${column}\" queue=\"${local.queues[name].name}\"', '${shown}', 300)", id = "tasks${number}", label = "$${PROP('Dim.task')}" }]
        ]
      }
    } if var.task_metrics
  ]

  reconciler_widget = {
    type   = "metric"
    x      = 0
    y      = local.charts_begin + local.height * (length(local.names) + (var.task_metrics ? 1 : 0))
    width  = 6
    height = local.height
    properties = {
      title  = "The reconciler"
      region = local.region
      view   = "timeSeries"
      period = 300
      metrics = [
        for metric in ["Invocations", "Errors"] :
        ["AWS/Lambda", metric, "FunctionName", var.reconciler.function_name, { stat = "Sum" }]
      ]
    }
  }
}
