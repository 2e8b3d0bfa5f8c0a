################################################################################
# A queue that holds messages is not deleted.
#
# Terraform deletes a queue, messages and all, when its entry is removed, renamed or made FIFO. prevent_destroy does not
# help: it is ignored once the module of the entry is gone, and it would refuse empty queues too. So each queue has this
# guard, which depends on everything else and is therefore destroyed first: it looks, and where there is a message left it
# fails, and Terraform deletes nothing. `terraform destroy` is refused in the same way.
################################################################################

resource "terraform_data" "queue_guard" {
  for_each = module.queue_list.queues

  triggers_replace = {
    region          = data.aws_region.current.id
    url             = module.queue[each.key].url
    dead_letter_url = module.queue[each.key].dead_letter_url
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "\"$${PENSTOCK_PYTHON:-python3}\" \"${path.module}/queue_guard.py\""
    environment = { QUEUE_GUARD = jsonencode(self.triggers_replace) }
    quiet       = true
  }

  depends_on = [
    module.queue, module.worker, module.container, module.reconciler, module.observability, module.web, module.results, module.payloads,
  ]
}
