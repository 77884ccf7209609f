"""An optimizer of a user's own package."""

import torch


class SignSGD(torch.optim.SGD):
    """Gradient signs (arXiv:1802.04434)."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.sign_()
        return super().step(closure)
