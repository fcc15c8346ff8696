"""Score a model on the held-out wines: python src/evaluate.py [MODEL] [CSV]"""

import sys
from pathlib import Path

from wine import forward, load_csv, load_model, scores

ROOT = Path(__file__).resolve().parent.parent


def evaluate(model, data):
    """Return how many wines `data` holds and the scores of `model` on them."""
    net, _ = load_model(model)
    x, y = load_csv(data)
    return len(y), scores(forward(net, x)[2], y)


if __name__ == "__main__":
    model = sys.argv[1] if len(sys.argv) > 1 else ROOT / "model/wine.safetensors"
    data = sys.argv[2] if len(sys.argv) > 2 else ROOT / "data/eval.csv"
    count, result = evaluate(model, data)
    print(f"{count} wines: accuracy {result['accuracy']:.4f}, "
          f"macro F1 {result['macro_f1']:.4f}, loss {result['loss']:.4f}")
