"""The vision transformer of src/nn against PyTorch: forward, gradient and training."""

import os
import sys
import tempfile
import unittest

import numpy as np

BUILD = sys.argv[1]
try:
    import torch
    import vit_peer as peer
except ImportError as reason:
    print(f"skipped: {reason}; scripts/setup.sh test brings PyTorch")
    sys.exit(0)

TOOL = os.path.join(BUILD, "tool_train_vit")
# pixels, patch, width, layers, heads, hidden units, outputs, dropout
PUBLISHED = (4096, 16, 256, 6, 8, 1024, 1, 0)
SMALL = [(200, 8, 24, 3, 4, 40, 2, 0),  # several outputs
         (48, 16, 20, 1, 5, 33, 1, 0),  # one block, widths that are no multiples of vectors
         (64, 64, 16, 2, 2, 32, 1, 0)]  # one patch


class Vit(unittest.TestCase):
    def train_both(self, shape, rows, steps, products, rate=3e-4):
        """Steps from the same weights on the same batches."""
        torch.manual_seed(1)
        rng = np.random.default_rng(2)
        x = rng.standard_normal((steps, rows, shape[0])).astype(np.float32)
        y = (x[:, :, 5:5 + shape[6]] + 0.1 * rng.standard_normal((steps, rows, shape[6])))
        y = y.astype(np.float32)
        net = peer.Vit(*shape)
        start = peer.flat(net)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(TOOL, shape, start, x, y, rate, 0.01, place, products)
        return ours, peer.train(net, x, y, rate, 0.01), net, x

    def compare(self, shape, rows, steps, products):
        ours, theirs, net, x = self.train_both(shape, rows, steps, products)
        np.testing.assert_allclose(ours["outputs"], theirs["outputs"], rtol=0, atol=2e-6)
        scale = np.abs(theirs["gradient"]).max()
        np.testing.assert_allclose(ours["gradient"], theirs["gradient"], rtol=1e-4,
                                   atol=2e-5 * scale)
        np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0, atol=1e-4)
        self.assertGreater(np.ptp(theirs["losses"]), 1e-2)
        peer.put(net, ours["parameters"])
        net.eval()
        with torch.no_grad():
            predicted = net(torch.tensor(x[0])).numpy().ravel()
        np.testing.assert_allclose(ours["predicted"], predicted, rtol=0, atol=5e-6)

    def test_small_ones_are_pytorch_s(self):
        for shape in SMALL:
            for products in ("fp32", "reference"):
                with self.subTest(shape=shape, products=products):
                    self.compare(shape, 19, 10, products)

    def test_the_published_one_is_pytorch_s(self):
        net = peer.Vit(*PUBLISHED)
        self.assertEqual(sum(p.numel() for p in net.parameters()), 4809729)
        self.compare(PUBLISHED, 3, 10, "fp32")

    def test_a_batch_of_one_row(self):
        self.compare(SMALL[0], 1, 10, "fp32")

    def test_bf16_stays_near(self):
        """Factors rounded to 8 bits: the gradient by a few per cent, the losses by less."""
        for shape, rows in ((PUBLISHED, 2), (SMALL[0], 19)):
            with self.subTest(shape=shape):
                ours, theirs, _, _ = self.train_both(shape, rows, 4, "bf16")
                away = np.linalg.norm(ours["gradient"] - theirs["gradient"])
                print(f"bf16: gradient {away / np.linalg.norm(theirs['gradient']):.4f}, losses "
                      f"{np.abs(ours['losses'] / theirs['losses'] - 1).max():.4f}")
                self.assertLess(away, 0.1 * np.linalg.norm(theirs["gradient"]))
                np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0.05,
                                           atol=0.01)

    def test_weights_come_from_safetensors(self):
        """Under Hugging Face's names, as exported, in fp32, fp16 and bf16."""
        shape = SMALL[0]
        torch.manual_seed(3)
        net = peer.Vit(*shape).eval()
        x = np.random.default_rng(2).standard_normal((1, 7, shape[0])).astype(np.float32)
        y = np.zeros((1, 7, shape[6]), np.float32)
        with torch.no_grad():
            expected = net(torch.tensor(x[0])).numpy().ravel()
        values = peer.flat(net)
        for prefix, kinds in (("", ("F32",)), ("model.vit.", ("F32", "F16", "BF16"))):
            with self.subTest(kinds=kinds), tempfile.TemporaryDirectory() as place:
                path = f"{place}/model.safetensors"
                peer.write_safetensors(path, net, prefix, kinds)
                ours, _ = peer.train_ours(TOOL, shape, 0 * values, x, y, 0, 0, place, "fp32", path)
                rounding = 0 if len(kinds) == 1 else 2.0 ** -8  # of bf16, the coarsest
                np.testing.assert_allclose(ours["parameters"], values, rtol=rounding,
                                           atol=rounding * 1e-5)
                np.testing.assert_allclose(ours["outputs"], expected, rtol=0,
                                           atol=0.02 if rounding else 2e-6)

    def test_dropout_learns_the_same_in_the_mean(self):
        """Of many rows alike, the mean outputs and their spread are those of PyTorch's masks, up
        to the rate, which is rounded to a 256th, and the draw."""
        shape = SMALL[0][:6] + (1, 0.1)
        torch.manual_seed(1)
        net = peer.Vit(*shape)
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(3 if p.ndim == 2 else 1)
        rows = 4000
        x = np.repeat(np.random.default_rng(2).standard_normal((1, 1, shape[0])), rows, axis=1)
        y = np.zeros((1, rows, 1), np.float32)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(TOOL, shape, peer.flat(net), x, y, 1e-3, 0, place)
        net.train()
        with torch.no_grad():
            theirs = net(torch.tensor(x[0].astype(np.float32))).numpy().ravel()
        spread = theirs.std()
        self.assertGreater(spread, 1e-3)
        self.assertLess(abs(ours["outputs"].mean() - theirs.mean()), 0.12 * spread)
        self.assertLess(abs(ours["outputs"].std() / spread - 1), 0.08)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
