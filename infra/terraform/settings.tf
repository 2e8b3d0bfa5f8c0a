################################################################################
# What every process must know and may do: penstock/settings.py reads it
################################################################################

locals {
  settings = {
    PENSTOCK_TABLE          = module.results.name
    PENSTOCK_PAYLOAD_BUCKET = module.uploads.payload_bucket

    PENSTOCK_QUEUES = jsonencode({
      for name, queue in local.queues : name => {
        url               = module.queue[name].url
        time_limit        = queue.time_limit
        max_receive_count = queue.max_receive_count
      }
    })
  }

  # Whoever enqueues: the web, other services, and the workers, for tasks may enqueue tasks.
  enqueue_statements = [
    { actions = ["sqs:SendMessage"], resources = values(module.queue)[*].arn },
    { actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [module.results.arn] },
    { actions = ["s3:PutObject"], resources = ["${module.uploads.payload_bucket_arn}/arguments/*"] }, # too large for a message
  ]
}

################################################################################
# The reference tasks and the reference web app. Yours: write what they read and may do here, or in the variables.
################################################################################

locals {
  task_environment = {
    UPLOADS_BUCKET = module.uploads.uploads_bucket
    WEBHOOK_HOSTS  = join(",", var.webhook_hosts)
  }

  web_environment = {
    UPLOADS_BUCKET = module.uploads.uploads_bucket
    ALLOWED_HOSTS  = length(var.allowed_hosts) > 0 ? join(",", var.allowed_hosts) : ".lambda-url.${data.aws_region.current.id}.on.aws"
  }

  reference_task_statements = [
    { actions = ["s3:GetObject"], resources = ["${module.uploads.uploads_bucket_arn}/uploads/*"] },
    { actions = ["s3:PutObject"], resources = ["${module.uploads.uploads_bucket_arn}/thumbnails/*"] },
    local.list_uploads,
  ]

  web_upload_statements = [
    { actions = ["s3:GetObject"], resources = ["${module.uploads.uploads_bucket_arn}/*"] },
    { actions = ["s3:PutObject"], resources = ["${module.uploads.uploads_bucket_arn}/uploads/*"] }, # what a presigned form may do
    local.list_uploads,
  ]

  # Without it S3 answers AccessDenied where an object is missing, and "not uploaded" would look like a wrong role.
  list_uploads = { actions = ["s3:ListBucket"], resources = [module.uploads.uploads_bucket_arn] }
}
