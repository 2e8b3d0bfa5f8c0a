################################################################################
# Uploads: what visitors post straight to S3, and what tasks make of it
################################################################################

module "uploads" {
  source = "../bucket"

  name                = "${var.name_prefix}-uploads-${var.name_suffix}"
  deletion_protection = var.deletion_protection

  expire_after_days = var.upload_retention_days == null ? {} : {
    "uploads/"    = var.upload_retention_days
    "thumbnails/" = var.upload_retention_days
    "reports/"    = var.upload_retention_days
    "emails/"     = var.upload_retention_days # notes: a redriven mail is told by its note, so they stay as long
  }
}

resource "aws_s3_bucket_cors_configuration" "uploads" {
  count = length(var.upload_origins) == 0 ? 0 : 1

  bucket = module.uploads.name

  cors_rule {
    allowed_origins = var.upload_origins
    allowed_methods = ["GET", "HEAD", "POST"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

################################################################################
# Payloads: arguments too large for a message, results and envelopes too large for a row
################################################################################

module "payloads" {
  source = "../bucket"

  name                = "${var.name_prefix}-payloads-${var.name_suffix}"
  deletion_protection = var.deletion_protection

  expire_after_days = {
    "arguments/" = var.payload_retention_days
    "results/"   = var.payload_retention_days
    "envelopes/" = var.payload_retention_days
  }
}
