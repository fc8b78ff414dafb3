# Opens a USD file and tells what it holds at a time code, and what USD's own validators say.
import json
import sys

from pxr import Usd, UsdGeom, UsdSkel, UsdValidation

path, code = sys.argv[1], float(sys.argv[2])
stage = Usd.Stage.Open(path)
root = UsdSkel.Root(stage.GetDefaultPrim())
cache = UsdSkel.Cache()
cache.Populate(root, Usd.PrimDefaultPredicate)
skeleton = UsdSkel.Skeleton(next(p for p in stage.Traverse() if p.IsA(UsdSkel.Skeleton)))
query = cache.GetSkelQuery(skeleton)
animation = query.GetAnimQuery()
joints = [str(path).split("/")[-1] for path in query.GetJointOrder()]
transforms = query.ComputeJointSkelTransforms(code)
validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
errors = UsdValidation.ValidationContext(validators).Validate(stage)
print("RESULT " + json.dumps({
    "up": UsdGeom.GetStageUpAxis(stage),
    "metres": UsdGeom.GetStageMetersPerUnit(stage),
    "fps": stage.GetTimeCodesPerSecond(),
    "end": stage.GetEndTimeCode(),
    "places": {name: list(m.ExtractTranslation()) for name, m in zip(joints, transforms)},
    "weights": dict(zip(animation.GetBlendShapeOrder(), animation.ComputeBlendShapeWeights(code))),
    "validators": len(validators),
    "errors": [f"{error.GetName()}: {error.GetMessage()}" for error in errors],
}))
