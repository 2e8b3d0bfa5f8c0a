// Says before the upload what S3 would say after it, and shows what was chosen. The form works without this.
"use strict";

const form = document.querySelector("form.upload");
const input = form.querySelector("input[type=file]");
const preview = form.querySelector(".preview");
const complaint = form.querySelector(".complaint");
const drop = form.querySelector(".drop");
const button = form.querySelector("button");
const limit = Number(form.dataset.limit);

function whyNot(file) {
  if (file.size === 0) return "This file is empty (0 bytes).";
  if (file.size > limit) return `This file has ${file.size.toLocaleString()} bytes; at most ${limit.toLocaleString()} are taken.`;
  if (!file.type.startsWith("image/")) return "This file is not a picture.";
  return "";
}

function look() {
  const file = input.files[0];
  const words = file ? whyNot(file) : "";
  complaint.textContent = words;
  complaint.hidden = !words;
  button.disabled = Boolean(words);
  URL.revokeObjectURL(preview.src);
  preview.hidden = !file || Boolean(words);
  if (!file || words) return;
  preview.src = URL.createObjectURL(file);
  form.elements["Content-Type"].value = file.type;
}

input.addEventListener("change", look);
preview.addEventListener("error", () => { preview.hidden = true; }); // TIFF: few browsers show it

for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length === 1) {
      input.files = event.dataTransfer.files;
      look();
    }
  });
}

form.addEventListener("submit", () => {
  button.disabled = true;
  button.textContent = "Uploading…";
});
// Coming back with the browser's button finds the page as it was left.
window.addEventListener("pageshow", () => {
  button.textContent = "Upload";
  look();
});
