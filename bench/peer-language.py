"""The training step and the decoding of `npm run bench:language`, in PyTorch as a good user writes them: the measure of the kit's speed on decoders.

Optional: neither set-up nor tests need Python. Takes a plan that the benchmark writes and prints JSON: losses of `check`, seconds of each step or token.

Usage: python bench/peer-language.py PLAN check|train|decode [float32|bfloat16]
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from peer import importance, optimizers, read_plan, read_safetensors


def random_tensor(name, shape):
    if len(shape) == 1:
        return torch.ones(shape) if name.endswith("norm.weight") else torch.zeros(shape)
    return torch.randn(shape) / math.sqrt(shape[-1])


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

    def linear(self, stitch, module, x):
        bias = self.trained.get(f"stitches.{stitch}.{module}.bias", self.frozen.get(f"{module}.bias"))
        y = F.linear(x, self.frozen[f"{module}.weight"], bias)
        if f"{module}.lora_A" not in self.trained:
            return y
        rows = x.reshape(-1, x.shape[-1])
        return torch.addmm(y.reshape(len(rows), -1), rows @ self.trained[f"{module}.lora_A"].t(), self.trained[f"{module}.lora_B"]).view(*x.shape[:-1], -1)

    def angles(self, config, start, count, dtype):
        key = (config["width"] // config["heads"], config["ropeTheta"], dtype)
        if key not in self.tables:
            speeds = config["ropeTheta"] ** (-torch.arange(0, key[0], 2) / key[0])
            turns = torch.outer(torch.arange(config["context"]), speeds)
            self.tables[key] = (torch.cat([turns.cos(), turns.cos()], 1).to(dtype), torch.cat([turns.sin(), turns.sin()], 1).to(dtype))
        return [table[start : start + count] for table in self.tables[key]]

    def layer(self, stitch, anchor, block, x, memory=None, start=0):
        config = self.plan["configs"][anchor]
        prefix = f"anchors.{anchor}.model.layers.{block}"
        batch, tokens, width = x.shape
        heads, groups = config["heads"], config["keyValueHeads"]
        linear = lambda module, value: self.linear(stitch, f"{prefix}.{module}", value)
        norm = lambda module, value: F.rms_norm(value, (width,), self.frozen[f"{prefix}.{module}.weight"], config["rmsNormEpsilon"])
        split = lambda value, count: value.view(batch, tokens, count, width // heads).transpose(1, 2)
        cosines, sines = self.angles(config, start, tokens, x.dtype)

        def turn(value):
            first, second = value.chunk(2, -1)
            return value * cosines + torch.cat([-second, first], -1) * sines

        normed = norm("input_layernorm", x)
        q, k, v = turn(split(linear("self_attn.q_proj", normed), heads)), turn(split(linear("self_attn.k_proj", normed), groups)), split(linear("self_attn.v_proj", normed), groups)
        if memory is not None:
            keys, values = memory
            keys[:, :, start : start + tokens], values[:, :, start : start + tokens] = k, v
            k, v = keys[:, :, : start + tokens], values[:, :, : start + tokens]
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=tokens > 1, enable_gqa=heads != groups)
        x = x + linear("self_attn.o_proj", mixed.transpose(1, 2).reshape(batch, tokens, width))
        opened = norm("post_attention_layernorm", x)
        return x + linear("mlp.down_proj", F.silu(linear("mlp.gate_proj", opened)) * linear("mlp.up_proj", opened))

    def features(self, stitch, tokens, memory=None, start=0):
        for place, step in enumerate(self.plan["routes"][stitch]):
            kind, anchor = step["kind"], step.get("anchor")
            if kind == "embed":
                x = F.embedding(tokens, self.frozen[f"anchors.{anchor}.model.embed_tokens.weight"])
            elif kind == "block":
                x = self.layer(stitch, anchor, step["block"], x, memory and memory[place], start)
            elif kind == "stitch":
                x = self.linear(stitch, f"stitching_layers.{step['stitchingLayerId']}", x)
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
    fresh, start, seconds, written = torch.tensor([prompt]), 0, [], []
    for _ in range(count):
        began = time.perf_counter()
        features, head = model.features(stitch, fresh, memory, start)
        token = F.linear(features[:, -1], head).argmax().item()
        seconds.append(time.perf_counter() - began)
        start += fresh.shape[1]
        fresh = torch.tensor([[token]])
        written.append(token)
    return seconds[1:], written


def main():
    plan, what = read_plan(), sys.argv[2]
    tokens = [torch.tensor(batch).view(plan["batch"], plan["length"]) for batch in plan["tokens"]]
    if what == "decode":
        model = Model({**plan, "trainable": {}}, dtype=torch.bfloat16 if "bfloat16" in sys.argv else torch.float32)
        print(json.dumps(decode(model, plan["decoded"], plan["prompt"], plan["count"])[0]))
        return
    model = Model(plan, read_safetensors(plan["values"]) if what == "check" else None)
    optimizer = optimizers(model)
    losses, seconds = [], []
    for stitch, batch in zip(plan["stitches"], tokens):
        began = time.perf_counter()
        losses.append(train_step(model, optimizer, stitch, batch))
        seconds.append(time.perf_counter() - began)
    if what == "check":
        written = decode(model, plan["decoded"], plan["prompt"], plan["count"])[1]
        print(json.dumps({"losses": losses, "written": written}))
    else:
        print(json.dumps(seconds))


main()
