################################################################################
# What every process must know and may do: penstock/settings.py reads it
################################################################################

locals {
  settings = merge(local.stack, var.dashboard_url == null ? {} : { PENSTOCK_DASHBOARD_URL = var.dashboard_url })

  stack = {
    PENSTOCK_TABLE          = module.results.name
    PENSTOCK_PAYLOAD_BUCKET = module.uploads.payload_bucket

    PENSTOCK_QUEUES = jsonencode({
      for name, queue in local.queues : name => {
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
    { actions = ["s3:PutObject"], resources = ["${module.uploads.payload_bucket_arn}/arguments/*"] }, # too large for a message
  ]

  # The reconciler imports the tasks, which may want them in the environment. The worker module has its own, for the same reason.
  secret_names = { for name, source in var.worker_secrets : name => coalesce(source.ssm_parameter, source.secret) }

  package = coalesce(var.worker_package, "${path.root}/../../build/worker-${var.architecture}.zip")
}

################################################################################
# The reference tasks and the reference web app. Yours: write what they read and may do here, or in the variables.
################################################################################

locals {
  task_environment = merge(
    {
      UPLOADS_BUCKET = module.uploads.uploads_bucket
      WEBHOOK_HOSTS  = join(",", var.webhook_hosts)
    },
    var.mail_sender == null ? {} : { MAIL_SENDER = var.mail_sender },
  )

  web_environment = {
    UPLOADS_BUCKET = module.uploads.uploads_bucket
    ALLOWED_HOSTS  = length(var.allowed_hosts) > 0 ? join(",", var.allowed_hosts) : ".lambda-url.${data.aws_region.current.id}.on.aws"
  }

  reference_task_statements = concat(
    [
      { actions = ["s3:GetObject"], resources = ["${module.uploads.uploads_bucket_arn}/uploads/*"] },
      { actions = ["s3:PutObject"], resources = [for made in ["thumbnails", "reports"] : "${module.uploads.uploads_bucket_arn}/${made}/*"] },
      local.list_uploads,
    ],
    local.mail_statements,
  )

  mail_statements = [
    for statement in [
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${module.uploads.uploads_bucket_arn}/emails/*"] }, # notes on what is sent
      {
        actions = ["ses:SendEmail"]
        # Any identity, for SES judges by the address or its domain, whichever is verified, and in its sandbox by the recipient
        # too; and a configuration set, where the identity has one by default. What holds the sender is the condition.
        resources = [for kind in ["identity", "configuration-set"] : "${local.ses}:${kind}/*"]
        condition = { StringEquals = { "ses:FromAddress" = [var.mail_sender] } }
      },
    ] : statement if var.mail_sender != null
  ]

  ses = "arn:${data.aws_partition.current.partition}:ses:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"

  web_upload_statements = [
    { actions = ["s3:GetObject"], resources = ["${module.uploads.uploads_bucket_arn}/*"] },
    { actions = ["s3:PutObject"], resources = ["${module.uploads.uploads_bucket_arn}/uploads/*"] }, # what a presigned form may do
    local.list_uploads,
  ]

  # Without it S3 answers AccessDenied where an object is missing, and "not uploaded" would look like a wrong role.
  list_uploads = { actions = ["s3:ListBucket"], resources = [module.uploads.uploads_bucket_arn] }
}
