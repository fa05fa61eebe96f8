"""The training step and the inference of `esta bench`, in PyTorch as a good user writes them: the measure of the kit's speed.

Optional: neither set-up nor tests need Python. Takes a plan that `npm run bench:peer` writes, prints the JSON lines of
`esta bench --json`; with `check`, trains on the plan's weights and prints the losses.

Usage: python bench/peer.py PLAN [check | train-step | inference] [--compile]
"""
import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

LEARNING_RATE, WEIGHT_DECAY, EPSILON = 1e-4, 1e-4, 1e-6


def linear(x, weight, bias, lora_a=None, lora_b=None):
    """y = x·Wᵀ + b + (x·Aᵀ)·B, with B kept as [r, out] so that addmm joins both products."""
    if lora_a is None:
        return F.linear(x, weight, bias)
    rows = x.reshape(-1, x.shape[-1])
    joined = torch.addmm(F.linear(rows, weight, bias), rows @ lora_a.t(), lora_b)
    return joined.view(*x.shape[:-1], -1)


def block(x, heads, norm1, qkv, proj, norm2, fc1, fc2):
    """A pre-norm transformer block; each part is a tuple of its tensors."""
    batch, tokens, width = x.shape
    mixed = linear(F.layer_norm(x, (width,), *norm1, EPSILON), *qkv)
    q, k, v = mixed.view(batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4).unbind(0)
    attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
    x = x + F.linear(attended, *proj)
    hidden = F.gelu(F.linear(F.layer_norm(x, (width,), *norm2, EPSILON), *fc1))
    return x + F.linear(hidden, *fc2)


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    types = {"F32": np.float32, "I32": np.int32}
    return {
        name: torch.from_numpy(np.frombuffer(body[slice(*entry["data_offsets"])], types[entry["dtype"]]).copy()).view(entry["shape"]).to(torch.get_default_device())
        for name, entry in header.items()
        if name != "__metadata__"
    }


def random_tensor(name, shape):
    if len(shape) == 1:
        return torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
    return torch.empty(shape).uniform_(-1, 1).mul_(math.sqrt(3 / math.prod(shape[1:])))


class Model:
    """The tensors of a stitched family by the kit's names; a stitch's own biases come before shared ones."""

    def __init__(self, plan, values=None):
        self.plan = plan
        make = (lambda name, shape: values[name]) if values else random_tensor
        self.frozen = {name: make(name, shape) for name, shape in plan["frozen"].items()}
        self.trained = {}
        for name, shape in plan["trainable"].items():
            value = make(name, shape)
            self.trained[name] = (value.t().contiguous() if name.endswith("lora_B") else value).requires_grad_()

    def get(self, stitch, name):
        own = self.trained.get(f"stitches.{stitch}.{name}")
        if own is not None:
            return own
        shared = self.trained.get(name)
        return self.frozen[name] if shared is None else shared

    def part(self, stitch, module):
        """Weight and bias of a module, and its low-rank factors where it has some."""
        factors = [self.trained[f"{module}.lora_{which}"] for which in "AB"] if f"{module}.lora_A" in self.trained else []
        return (self.get(stitch, f"{module}.weight"), self.get(stitch, f"{module}.bias"), *factors)

    def merge(self):
        """Folds every low-rank update into its weight."""
        for name in [name for name in self.trained if name.endswith("lora_A")]:
            module = name.removesuffix(".lora_A")
            self.frozen[f"{module}.weight"] = (self.frozen[f"{module}.weight"] + (self.trained[f"{module}.lora_B"].t() @ self.trained[name])).detach()
            del self.trained[name], self.trained[f"{module}.lora_B"]

    def logits(self, stitch, images):
        x = images
        for step in self.plan["routes"][stitch]:
            kind = step["kind"]
            prefix = f"anchors.{step.get('anchor')}"
            if kind == "embed":
                weight, bias = self.part(stitch, f"{prefix}.patch_embed.proj")
                patches = F.conv2d(x, weight, bias, stride=weight.shape[-1]).flatten(2).transpose(1, 2)
                token = self.get(stitch, f"{prefix}.cls_token").expand(len(images), -1, -1)
                x = torch.cat([token, patches], 1) + self.get(stitch, f"{prefix}.pos_embed")
            elif kind == "block":
                names = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"]
                x = block(x, self.plan["heads"][step["anchor"]], *(self.part(stitch, f"{prefix}.blocks.{step['block']}.{name}") for name in names))
            elif kind == "stitch":
                x = linear(x, *self.part(stitch, f"stitching_layers.{step['stitchingLayerId']}"))
            elif kind == "norm":
                x = F.layer_norm(x[:, 0], (x.shape[-1],), *self.part(stitch, f"{prefix}.norm"), EPSILON)
            else:
                x = F.linear(x, *self.part(stitch, f"{prefix}.head"))
        return x


def optimizers(model):
    """One fused AdamW for what stitches share and one for each stitch's own biases, so that a step looks at no other stitch's."""
    owners = {}
    for name, value in model.trained.items():
        owner = name.split(".")[1] if name.startswith("stitches.") else "shared"
        owners.setdefault(owner, ([], []))[value.dim() < 2].append(value)
    return {
        owner: torch.optim.AdamW([{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}], lr=LEARNING_RATE, fused=True)
        for owner, (matrices, vectors) in owners.items()
    }


@torch.no_grad()
def importance(scored):
    """The sum of |w·∂L/∂w|."""
    products = torch._foreach_mul(scored, [value.grad for value in scored])
    return torch.stack(torch._foreach_norm(products, 1)).sum().item()


def train_step(model, optimizer, stitch, images, labels):
    loss = F.cross_entropy(model.logits(stitch, images), labels)
    names = model.plan["partition"][stitch]
    parameters = [model.trained[name] for name in names]
    loss.backward()
    scored = [value for name, value in zip(names, parameters) if ".head." not in name]
    importance(scored)
    optimizer["shared"].step()
    optimizer[str(stitch)].step()
    for value in parameters:
        value.grad = None
    return loss.item()


def timed(plan, bench, step, matmul):
    warm_up, flops = plan["warmUp"], plan["flops"]
    mean = sum(flops) / len(flops)
    rates, cpu_times, operations, seconds = [], [], 0, 0
    for index, stitch in enumerate(plan["stitches"]):
        started, cpu_started = time.perf_counter(), time.process_time()
        step(stitch)
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        if index < warm_up:
            continue
        rates.append(plan["batch"] / elapsed * flops[stitch] / mean)
        cpu_times.append(cpu * 1000 / plan["batch"] / flops[stitch] * mean)
        operations += (4 if bench == "train-step" else 2) * flops[stitch] * plan["batch"]
        seconds += elapsed
    rates.sort(reverse=True)
    cpu_times.sort()
    return line(plan, bench, rates[0], rates[len(rates) // 2], cpu_times[len(cpu_times) // 2], operations / seconds / 1e9, matmul)


def line(plan, bench, best, median, cpu, rate, matmul):
    engine = "torch-compile" if "--compile" in sys.argv else "torch"
    return {
        "bench": bench, "backend": engine, "family": plan["family"], "tokens": plan["tokens"], "batch": plan["batch"], "threads": plan["threads"],
        "images_per_second_best": best, "images_per_second_median": median, "cpu_ms_per_image": cpu, "gflops_rate": rate, "fraction_of_matmul_rate": rate / matmul,
        "peak_rss_bytes": peak_memory(),
    }  # fmt: skip


def peak_memory():
    """Bytes held at most; what the parent process held, which `ru_maxrss` counts too, is left out where Linux tells the two apart."""
    try:
        with open("/proc/self/status") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def matmul_rate(size=1024):
    a, b = torch.rand(size, size), torch.rand(size, size)
    wait = torch.cuda.synchronize if a.is_cuda else lambda: None
    best = math.inf
    for _ in range(20):
        wait()
        started = time.perf_counter()
        a @ b
        wait()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best / 1e9


def read_plan():
    """The plan that the first word names; its threads and its device are set, and so is the seed."""
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    torch.set_num_threads(plan["threads"])
    torch.set_default_device(plan.get("device", "cpu"))
    torch.manual_seed(0)
    return plan


def main():
    plan, bench = read_plan(), sys.argv[2]
    if bench == "check":
        values = read_safetensors(plan["values"])
        model = Model(plan, values)
        optimizer = optimizers(model)
        print(json.dumps([train_step(model, optimizer, stitch, values["images"], values["labels"].long()) for stitch in plan["stitches"]]))
        return
    if "--compile" in sys.argv:
        globals()["block"] = torch.compile(block, dynamic=False)
    model = Model(plan)
    images = torch.rand(64, 3, plan["imageSize"], plan["imageSize"]) * 2 - 1
    labels = torch.randint(10, (64,))
    draw = lambda: torch.randint(64, (plan["batch"],))
    if bench == "train-step":
        optimizer = optimizers(model)

        def step(stitch):
            chosen = draw()
            train_step(model, optimizer, stitch, images[chosen], labels[chosen])
    else:
        model.merge()

        @torch.inference_mode()
        def step(stitch):
            model.logits(stitch, images[draw()]).cpu().numpy()

    for anchor in range(len(plan["heads"])):
        step(anchor)
    print(json.dumps(timed(plan, bench, step, matmul_rate())))


if __name__ == "__main__":
    main()
