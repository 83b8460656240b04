"""The network and the 1D-CNN expert against PyTorch, and the expert's life in a study."""

import os
import sys
import tempfile
import unittest

import numpy as np

BUILD = sys.argv[1]
try:
    import torch
    import network_peer as peer
except ImportError as reason:
    print(f"skipped: {reason}; scripts/setup.sh test brings PyTorch")
    sys.exit(0)

# pixels, channels, kernel, pool, hidden, batch normalisation
SHAPES = [(4096, (32, 64, 32), 5, 4, 64, False), (4096, (32, 64, 32), 5, 4, 64, True),
          (203, (5, 18), 7, 3, 10, False), (203, (5, 18), 7, 3, 10, True)]


class Network(unittest.TestCase):
    def compare(self, shape, rows, steps):
        """Forward, gradient and ten steps from the same weights on the same batches."""
        torch.manual_seed(1)
        torch.set_num_threads(1)
        rng = np.random.default_rng(2)
        x = rng.standard_normal((steps, rows, shape[0])).astype(np.float32)
        y = (x[:, :, 7] + 0.1 * rng.standard_normal((steps, rows))).astype(np.float32)
        net = peer.make(*shape)
        start = peer.in_our_order(net)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(os.path.join(BUILD, "tool_train_network"), shape, start, x,
                                      y, 1e-3, 0.01, place)
        theirs = peer.train(net, x, y, 1e-3, 0.01)
        np.testing.assert_allclose(ours["outputs"], theirs["outputs"], rtol=0, atol=1e-5)
        scale = np.abs(theirs["gradient"]).max()
        np.testing.assert_allclose(ours["gradient"], theirs["gradient"], rtol=1e-4,
                                   atol=2e-5 * scale)
        np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0, atol=1e-4)
        self.assertGreater(abs(theirs["losses"][0] - theirs["losses"][-1]), 1e-2)
        # A bias before the normalisation has no gradient but rounding, which Adam blows up to
        # steps of the learning rate; the means follow the biases.
        for pair in zip(*(self.moments(shape, s) for s in (ours["statistics"],
                                                           peer.statistics(net)))):
            np.testing.assert_allclose(pair[0]["mean"], pair[1]["mean"], rtol=0, atol=0.01)
            np.testing.assert_allclose(pair[0]["variance"], pair[1]["variance"], rtol=1e-3)
        # Predictions with our weights: the two trainings drift apart by rounding alone.
        peer.put_our_order(net, ours["parameters"])
        at = 0
        for layer in net:
            if isinstance(layer, torch.nn.BatchNorm1d):
                n = layer.num_features
                layer.running_mean.copy_(torch.tensor(ours["statistics"][at:at + n]))
                layer.running_var.copy_(torch.tensor(ours["statistics"][at + n:at + 2 * n]))
                at += 2 * n
        net.eval()
        with torch.no_grad():
            predicted = net(torch.tensor(x[0])[:, None, :])[:, 0].numpy()
        np.testing.assert_allclose(ours["predicted"], predicted, rtol=0, atol=2e-5)

    @staticmethod
    def moments(shape, flat):
        parts = np.split(flat, np.cumsum([n for n in shape[1] for _ in range(2)])[:-1])
        return [{"mean": parts[i], "variance": parts[i + 1]}
                for i in range(0, len(parts) - 1, 2)]

    def test_it_is_pytorch_s(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                self.compare(shape, 16, 10)

    def test_a_batch_of_one_row(self):
        self.compare(SHAPES[2], 1, 10)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
