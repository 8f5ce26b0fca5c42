"""
Writes solvers.json: whole sampling runs of diffusers' schedulers, at least one for each key of their configurations.

Each run is that of a scheduler made with X.from_config of a folder's scheduler_config.json and put into a
StableDiffusionPipeline, whose constructor changes some keys. The network is stood in for by sin(z + t / 100), where z is what the
network would see. Latents are in Stable Diffusion's own scale (Euler's are scaled back to it, but for the last). What
diffusers refuses or what is not a number stands there with its error.

    pip install torch diffusers==0.42.1 scipy transformers
    python test/golden/make-solvers.py
"""

import inspect
import json
import math
import sys
import warnings
from pathlib import Path

import diffusers
import torch
from diffusers import StableDiffusionPipeline

HERE = Path(__file__).parent
NAMES = {
    "ddim": "DDIMScheduler",
    "pndm": "PNDMScheduler",
    "dpm-solver++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
}
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
SPACINGS = ("leading", "linspace", "trailing")
TRAINED = [0.001 + 0.0005 * i for i in range(40)]

# A value of each key other than its default, with the keys that it needs to take effect.
OTHER = {
    "num_train_timesteps": {"num_train_timesteps": 300},
    "beta_start": {"beta_start": 0.001},
    "beta_end": {"beta_end": 0.03},
    "beta_schedule": {"beta_schedule": "squaredcos_cap_v2"},
    "trained_betas": {"trained_betas": TRAINED, "num_train_timesteps": 40},
    "prediction_type": {"prediction_type": "v_prediction"},
    "timestep_spacing": {"timestep_spacing": "trailing"},
    "steps_offset": {"steps_offset": 3, "timestep_spacing": "leading"},
    "set_alpha_to_one": {"set_alpha_to_one": None},  # the other one
    "skip_prk_steps": {"skip_prk_steps": True},
    "rescale_betas_zero_snr": {"rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
    "clip_sample": {"clip_sample": True, "clip_sample_range": 0.5},
    "clip_sample_range": {"clip_sample_range": 0.5},
    "thresholding": {"thresholding": True},
    "dynamic_thresholding_ratio": {"dynamic_thresholding_ratio": 0.5},
    "sample_max_value": {"sample_max_value": 0.5},
    "solver_order": {"solver_order": 3},
    "algorithm_type": {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
    "solver_type": {"solver_type": "heun"},
    "lower_order_final": {"lower_order_final": False, "final_sigmas_type": "sigma_min"},
    "euler_at_final": {"euler_at_final": True, "final_sigmas_type": "sigma_min", "lower_order_final": False},
    "use_karras_sigmas": {"use_karras_sigmas": True},
    "use_exponential_sigmas": {"use_exponential_sigmas": True},
    "use_beta_sigmas": {"use_beta_sigmas": True},
    "use_lu_lambdas": {"use_lu_lambdas": True},
    "use_flow_sigmas": {"use_flow_sigmas": True, "prediction_type": "flow_prediction"},
    "flow_shift": {"flow_shift": 3.0, "use_flow_sigmas": True, "prediction_type": "flow_prediction"},
    "final_sigmas_type": {"final_sigmas_type": "sigma_min"},
    "lambda_min_clipped": {"lambda_min_clipped": -1.0},
    "variance_type": {"variance_type": "learned"},
    "use_dynamic_shifting": {"use_dynamic_shifting": True},
    "time_shift_type": {"time_shift_type": "linear"},
    "interpolation_type": {"interpolation_type": "log_linear"},
    "sigma_min": {"sigma_min": 0.05, "use_karras_sigmas": True},
    "sigma_max": {"sigma_max": 10.0, "use_karras_sigmas": True},
    "timestep_type": {"timestep_type": "continuous", "prediction_type": "v_prediction"},
}


def keys():
    found = {}
    for name, scheduler in NAMES.items():
        parameters = list(inspect.signature(getattr(diffusers, scheduler).__init__).parameters.values())[1:]
        found[name] = {p.name: p.default for p in parameters}
    return found


def short(x):
    return float(f"{x:.7g}")


def run(name, config, steps):
    cls = getattr(diffusers, NAMES[name])
    scheduler = cls.from_config(config)
    parts = dict.fromkeys(("vae", "text_encoder", "tokenizer", "unet", "safety_checker", "feature_extractor"))
    scheduler = StableDiffusionPipeline(**parts, scheduler=scheduler, requires_safety_checker=False).scheduler
    scheduler.set_timesteps(steps)
    scheduler.set_begin_index(0) if hasattr(scheduler, "set_begin_index") else None
    # Four numbers per picture, for thresholds that are quantiles.
    z = torch.tensor([[[[0.8, -0.3, 0.1, 1.5]]]], dtype=torch.float64) * scheduler.init_noise_sigma
    seen = []
    for t in scheduler.timesteps:
        model_input = scheduler.scale_model_input(z, t)
        seen.append(model_input[0, 0, 0, 0].item())
        z = scheduler.step(torch.sin(model_input + t / 100), t, z).prev_sample
    end = z[0, 0, 0, 0].item()
    if not all(map(math.isfinite, [*seen, end])):
        raise ValueError("not a number")
    return dict(timesteps=[short(t) for t in scheduler.timesteps.tolist()], seen=list(map(short, seen)), end=short(end))


def case(name, config, steps):
    found = dict(name=name, config=config, steps=steps)
    try:
        return dict(found, **run(name, config, steps))
    except Exception as error:
        return dict(found, error=f"{type(error).__name__}: {error}"[:100])


def grid():
    own = {name: dict(SD, _class_name=cls) for name, cls in NAMES.items()}
    own["pndm"]["skip_prk_steps"] = True
    # Spacings and predictions for several numbers of steps.
    for name in NAMES:
        for prediction in ("epsilon", "v_prediction"):
            for spacing in SPACINGS:
                for steps in (1, 2, 4, 7, 20):
                    yield name, dict(own[name], prediction_type=prediction, timestep_spacing=spacing), steps
    # Each key alone.
    for name, known in keys().items():
        for key, default in known.items():
            other = dict(OTHER[key])
            if key == "set_alpha_to_one":
                other[key] = not default
            yield name, {**own[name], **other, "key": key}, 6
    # An empty file, and another class's.
    for name in NAMES:
        yield name, dict(_class_name=NAMES[name]), 6
        for cls in sorted({*NAMES.values(), "UniPCMultistepScheduler", "DEISMultistepScheduler"} - {NAMES[name]}):
            saved = json.loads(getattr(diffusers, cls)(**SD).to_json_string())
            saved = {k: v for k, v in saved.items() if k != "_diffusers_version" and v != -math.inf}  # no JSON
            yield name, saved, 6
            yield name, dict(SD, _class_name=cls, steps_offset=0, timestep_spacing="leading"), 6
    # A Runge-Kutta start.
    for spacing in SPACINGS:
        for prediction in ("epsilon", "v_prediction"):
            for steps in (3, 4, 5, 9):
                yield "pndm", dict(own["pndm"], skip_prk_steps=False, timestep_spacing=spacing, prediction_type=prediction), steps
    # Spacings by sigma under each prediction, first and last levels, many steps.
    spaced = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas")
    for name in ("euler", "dpm-solver++"):
        for key in spaced[:3] if name == "euler" else spaced:
            for spacing, prediction, more in (
                ("leading", "v_prediction", {}),
                ("linspace", "sample", {}),
                ("trailing", "epsilon", {"final_sigmas_type": "sigma_min"}),
                ("trailing", "v_prediction", {"rescale_betas_zero_snr": True}),
                ("linspace", "epsilon", {"beta_schedule": "squaredcos_cap_v2"}),
                ("linspace", "epsilon", {"sigma_min": 0.1, "sigma_max": 8.0}),
            ):
                yield name, {**own[name], **more, key: True, "timestep_spacing": spacing, "prediction_type": prediction}, 8
    # Levels of training have their own timestep or, by the last digit of a logarithm, the one before it.
    for key in spaced[1:]:
        for betas in (
            dict(beta_start=0.0001, beta_end=0.02),
            dict(beta_start=0.00019, beta_end=0.0132, num_train_timesteps=500),
            dict(beta_start=0.00012, beta_end=0.0171, beta_schedule="scaled_linear"),
            dict(beta_start=0.00006, beta_end=0.0071),
        ):
            yield "dpm-solver++", {"_class_name": NAMES["dpm-solver++"], "beta_schedule": "linear", **betas, key: True}, 4
    for steps in (1, 2, 5, 30):
        yield "euler", dict(own["euler"], use_karras_sigmas=True), steps
        yield "dpm-solver++", dict(own["dpm-solver++"], use_karras_sigmas=True), steps
        yield "euler", dict(own["euler"], interpolation_type="log_linear", final_sigmas_type="sigma_min"), steps
    # DPM-Solver's orders and kinds, with few and many steps.
    for order in (1, 2, 3):
        for kind in ("midpoint", "heun"):
            for algorithm in ("dpmsolver", "dpmsolver++"):
                for steps in (1, 3, 6, 17):
                    final = "sigma_min" if algorithm == "dpmsolver" else "zero"
                    yield "dpm-solver++", dict(own["dpm-solver++"], solver_order=order, solver_type=kind, algorithm_type=algorithm,
                                               final_sigmas_type=final, prediction_type="sample" if steps == 6 else "epsilon"), steps
    for more in (
        dict(lower_order_final=False),
        dict(lower_order_final=False, timestep_spacing="trailing"),
        dict(algorithm_type="deis", final_sigmas_type="sigma_min", solver_type="logrho"),
        dict(lower_order_final=False, euler_at_final=True, final_sigmas_type="sigma_min"),
        dict(final_sigmas_type="sigma_min"),
        dict(lambda_min_clipped=-1.5, timestep_spacing="trailing"),
        dict(lambda_min_clipped=-1.5, timestep_spacing="leading"),
        dict(rescale_betas_zero_snr=True, timestep_spacing="trailing"),
        dict(use_flow_sigmas=True, flow_shift=2.0, prediction_type="epsilon"),
        dict(use_karras_sigmas=True, use_beta_sigmas=True),
        dict(algorithm_type="dpmsolver"),
    ):
        yield "dpm-solver++", dict(own["dpm-solver++"], solver_order=3, **more), 8
    # DDIM: what is there at the ends.
    for prediction in ("epsilon", "v_prediction", "sample"):
        for spacing in SPACINGS:
            for end in (True, False):
                yield "ddim", dict(own["ddim"], prediction_type=prediction, timestep_spacing=spacing, set_alpha_to_one=end,
                                   rescale_betas_zero_snr=True), 6
    for schedule in ("linear", "squaredcos_cap_v2"):
        for name in NAMES:
            # At the end of the cosine the signal is too small for four digits of PNDM's formula in float32.
            spacing = "leading" if name == "pndm" else "trailing"
            yield name, dict(own[name], beta_schedule=schedule, timestep_spacing=spacing), 9


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    diffusers.utils.logging.set_verbosity_error()
    found, seen = [], set()
    for name, config, steps in grid():
        same = json.dumps([name, config, steps], sort_keys=True)
        if same not in seen:
            seen.add(same)
            key = config.pop("key", None)
            found.append(dict(case(name, config, steps), **({"key": key} if key else {})))
    (HERE / "solvers.json").write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in found) + "\n]\n")
    print(len(found), "runs;", [(c["name"], c["config"], c["steps"], c["error"]) for c in found if "error" in c], file=sys.stderr)
