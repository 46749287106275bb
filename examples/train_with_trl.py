"""Teach any causal language model to write rationales, with TRL as its users know it.

    python examples/train_with_trl.py [MODEL] [DOMAIN] [FOLDER] [STEPS]

MODEL is a name of the Hub or a folder; its tokenizer has a chat template. The loss is that of the answer alone. For a
domain that is made of files of others, ``RAD_DATA`` names their folder: the texts are joined from it.
"""

import sys
from typing import Any

import torch
from transformers import pipeline
from trl import SFTConfig, SFTTrainer

import rad
from rad.rationales import prompt

DEFAULTS = ("HuggingFaceTB/SmolLM2-135M-Instruct", "world", "trained", "500")
model, domain, folder, steps = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
rows = rad.load(domain, "instruct")  # query_id and messages: system, user, assistant
lessons = rows.map(lambda row: {"prompt": row["messages"][:2], "completion": row["messages"][2:]})
lessons = lessons.select_columns(["prompt", "completion"])

gpu = torch.cuda.is_available()
settings = SFTConfig(
    folder, max_length=4096, max_steps=int(steps), per_device_train_batch_size=2, report_to="none", use_cpu=not gpu
)
trainer = SFTTrainer(model, settings, train_dataset=lessons)
loss = trainer.train().training_loss
trainer.save_model()
print(f"{len(lessons)} conversations, {steps} steps, loss {loss:.3f}; the model is in {folder}")

# What it writes is read as every rationale is: each line of the form is a reason, and prose says nothing.
writer: Any = pipeline("text-generation", folder)
(written,) = writer(lessons[0]["prompt"], max_new_tokens=200, return_full_text=False)
reasons = prompt.read(written["generated_text"])[0]
lesson = prompt.read(lessons[0]["completion"][0]["content"])[0]
print(f"it wrote {len(reasons)} reasons; the lesson has {len(lesson)}")
