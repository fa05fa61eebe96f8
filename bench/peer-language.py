"""The training step and the decoding of `npm run bench:language`, in PyTorch as a good user writes them: the measure of the kit's speed on decoders.

Optional: neither set-up nor tests need Python. Takes a plan that the benchmark writes and prints JSON: losses of `check`; else seconds and
processor seconds of each step or token, and the peak of memory.

Usage: python bench/peer-language.py PLAN check|train|decode [float32|bfloat16] [--compile]
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from peer import importance, optimizers, peak_memory, read_plan, read_safetensors


def random_tensor(name, shape):
    if len(shape) == 1:
        return torch.ones(shape) if name.endswith("norm.weight") else torch.zeros(shape)
    return torch.randn(shape) / math.sqrt(shape[-1])


def linear(x, weight, bias, lora_a=None, lora_b=None):
    """y = x·Wᵀ + b + (x·Aᵀ)·B, with B kept as [r, out] so that addmm joins both products."""
    y = F.linear(x, weight, bias)
    if lora_a is None:
        return y
    rows = x.reshape(-1, x.shape[-1])
    return torch.addmm(y.reshape(len(rows), -1), rows @ lora_a.t(), lora_b).view(*x.shape[:-1], -1)


def layer(x, heads, groups, epsilon, tables, parts, memory=None, start=0):
    """A layer of a decoder; each part is a tuple of its tensors."""
    batch, tokens, width = x.shape
    norm1, q, k, v, o, norm2, gate, up, down = parts
    cosines, sines = tables
    split = lambda value, count: value.view(batch, tokens, count, width // heads).transpose(1, 2)

    def turn(value):
        first, second = value.chunk(2, -1)
        return value * cosines + torch.cat([-second, first], -1) * sines

    normed = F.rms_norm(x, (width,), norm1[0], epsilon)
    queries, keys, values = turn(split(linear(normed, *q), heads)), turn(split(linear(normed, *k), groups)), split(linear(normed, *v), groups)
    if memory is not None:
        all_keys, all_values = memory
        all_keys[:, :, start : start + tokens], all_values[:, :, start : start + tokens] = keys, values
        keys, values = all_keys[:, :, : start + tokens], all_values[:, :, : start + tokens]
    mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=tokens > 1, enable_gqa=heads != groups)
    x = x + linear(mixed.transpose(1, 2).reshape(batch, tokens, width), *o)
    opened = F.rms_norm(x, (width,), norm2[0], epsilon)
    return x + linear(F.silu(linear(opened, *gate)) * linear(opened, *up), *down)


PARTS = ["input_layernorm", *(f"self_attn.{name}_proj" for name in "qkvo"), "post_attention_layernorm", *(f"mlp.{name}_proj" for name in ["gate", "up", "down"])]


class Model:
    """Tensors by the kit's names; a stitch's own biases come before shared ones, B of a low-rank update is kept as [r, out]."""

    def __init__(self, plan, values=None, dtype=torch.float32):
        self.plan = plan
        make = (lambda name, shape: values[name]) if values else random_tensor
        self.frozen = {name: make(name, shape).to(dtype) for name, shape in plan["frozen"].items()}
        self.trained = {}
        for name, shape in plan["trainable"].items():
            value = make(name, shape)
            self.trained[name] = (value.t().contiguous() if name.endswith("lora_B") else value).requires_grad_()
        self.tables = {}

    def part(self, stitch, module):
        """Weight and bias of a module, and its low-rank factors where it has some."""
        bias = self.trained.get(f"stitches.{stitch}.{module}.bias", self.frozen.get(f"{module}.bias"))
        factors = [self.trained[f"{module}.lora_{which}"] for which in "AB"] if f"{module}.lora_A" in self.trained else []
        return (self.frozen[f"{module}.weight"], bias, *factors)

    def angles(self, config, start, count, dtype):
        key = (config["width"] // config["heads"], config["ropeTheta"], dtype)
        if key not in self.tables:
            speeds = config["ropeTheta"] ** (-torch.arange(0, key[0], 2) / key[0])
            turns = torch.outer(torch.arange(config["context"]), speeds)
            self.tables[key] = (torch.cat([turns.cos(), turns.cos()], 1).to(dtype), torch.cat([turns.sin(), turns.sin()], 1).to(dtype))
        return [table[start : start + count] for table in self.tables[key]]

    def layer(self, stitch, anchor, block, x, memory=None, start=0):
        config = self.plan["configs"][anchor]
        parts = [self.part(stitch, f"anchors.{anchor}.model.layers.{block}.{name}") for name in PARTS]
        return layer(x, config["heads"], config["keyValueHeads"], config["rmsNormEpsilon"], self.angles(config, start, x.shape[1], x.dtype), parts, memory, start)

    def features(self, stitch, tokens, memory=None, start=0):
        for place, step in enumerate(self.plan["routes"][stitch]):
            kind, anchor = step["kind"], step.get("anchor")
            if kind == "embed":
                x = F.embedding(tokens, self.frozen[f"anchors.{anchor}.model.embed_tokens.weight"])
            elif kind == "block":
                x = self.layer(stitch, anchor, step["block"], x, memory and memory[place], start)
            elif kind == "stitch":
                x = linear(x, *self.part(stitch, f"stitching_layers.{step['stitchingLayerId']}"))
            elif kind == "norm":
                x = F.rms_norm(x, (x.shape[-1],), self.frozen[f"anchors.{anchor}.model.norm.weight"], self.plan["configs"][anchor]["rmsNormEpsilon"])
            else:
                head = self.frozen[f"anchors.{anchor}.model.embed_tokens.weight"]  # tied
        return x, head


def train_step(model, optimizer, stitch, tokens):
    features, head = model.features(stitch, tokens)
    loss = F.cross_entropy(F.linear(features[:, :-1].flatten(0, 1), head), tokens[:, 1:].flatten().long())
    loss.backward()
    scored = [model.trained[name] for name in model.plan["partition"][stitch]]
    importance(scored)
    optimizer["shared"].step()
    optimizer[str(stitch)].step()
    for value in scored:
        value.grad = None
    return loss.item()


@torch.inference_mode()
def decode(model, stitch, prompt, count):
    config = model.plan["configs"][-1]
    dtype = next(iter(model.frozen.values())).dtype
    room = len(prompt) + count
    memory = []
    for step in model.plan["routes"][stitch]:
        own = model.plan["configs"][step["anchor"]] if step["kind"] == "block" else config
        memory.append([torch.zeros(1, own["keyValueHeads"], room, own["width"] // own["heads"], dtype=dtype) for _ in range(2)])
    fresh, start, watch, written = torch.tensor([prompt]), 0, Watch(), []
    for _ in range(count):
        watch.start()
        features, head = model.features(stitch, fresh, memory, start)
        token = F.linear(features[:, -1], head).argmax().item()
        watch.stop()
        start += fresh.shape[1]
        fresh = torch.tensor([[token]])
        written.append(token)
    return watch, written


class Watch:
    """Seconds by the clock and of the processor, one pair a turn."""

    def __init__(self):
        self.seconds, self.cpu = [], []

    def start(self):
        self.began = time.perf_counter(), time.process_time()

    def stop(self):
        self.seconds.append(time.perf_counter() - self.began[0])
        self.cpu.append(time.process_time() - self.began[1])

    def printed(self):
        return json.dumps({"seconds": self.seconds, "cpu": self.cpu, "peakBytes": peak_memory()})


def main():
    plan, what = read_plan(), sys.argv[2]
    tokens = [torch.tensor(batch).view(plan["batch"], plan["length"]) for batch in plan["tokens"]]
    if what == "decode":
        model = Model({**plan, "trainable": {}}, dtype=torch.bfloat16 if "bfloat16" in sys.argv else torch.float32)
        print(decode(model, plan["decoded"], plan["prompt"], plan["count"])[0].printed())
        return
    if "--compile" in sys.argv:
        globals()["layer"] = torch.compile(layer, dynamic=False)
    model = Model(plan, read_safetensors(plan["values"]) if what == "check" else None)
    optimizer = optimizers(model)
    losses, watch = [], Watch()
    for stitch, batch in zip(plan["stitches"], tokens):
        watch.start()
        losses.append(train_step(model, optimizer, stitch, batch))
        watch.stop()
    if what == "check":
        written = decode(model, plan["decoded"], plan["prompt"], plan["count"])[1]
        print(json.dumps({"losses": losses, "written": written}))
    else:
        print(watch.printed())


main()
