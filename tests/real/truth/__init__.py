"""The truth machine: starts images as SageMaker Studio would, and compares what happens with what ocianalyze says.

```
bases -> mutations -> building -> scanning
                               -> container -> probing -> outcome -> comparing -> page
```
"""
