# Opens a NumPy archive as readers of BEAT2 do, without pickles, and tells what it holds in a frame.
import json
import sys

import numpy as np

data, frame = np.load(sys.argv[1], allow_pickle=False), int(sys.argv[2])
print("RESULT " + json.dumps({
    "shapes": {name: list(data[name].shape) for name in data.files},
    "types": {name: data[name].dtype.str for name in data.files},
    "rate": float(data["mocap_frame_rate"]),
    "texts": [str(data["gender"]), str(data["model"])],
    "pose": data["poses"][frame].tolist(),
    "place": data["trans"][frame].tolist(),
    "face": float(np.abs(data["expressions"]).max()),
}))
