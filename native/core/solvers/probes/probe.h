// A probe is a recorded column that looks at the factors through the truth or through a reference subspace
// (definitions: arXiv 2106.15013 and its restatements, "signal and noise"). One file per group of probes, and one line
// in groups.cc; what groups have in common they take from the scene (scene.h), which computes it once per iteration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scene.h"

namespace lowrank {

struct ProbeColumn {
  const char* name;
  unsigned needs = 0;   // Need flags, of scene.h
  bool vector = false;  // as many numbers as the factors have columns; one number otherwise
};

class ProbeGroup {
 public:
  virtual ~ProbeGroup() = default;
  // After every iteration, recorded or not; only groups that say so are called.
  virtual bool everyIteration() const { return false; }
  virtual void step(ProbeScene&) {}
  // Writes column `index` of the group for the present factors. Must not allocate.
  virtual void value(std::size_t index, ProbeScene& scene, double* out) = 0;
  virtual std::int64_t bytes() const { return 0; }
};

struct ProbeGroupEntry {
  const std::vector<ProbeColumn>& columns;
  // Called when the scene is set, at the start of the run; allocates. `wanted` tells, column by column, what is
  // recorded.
  std::unique_ptr<ProbeGroup> (*make)(ProbeScene& scene, const std::vector<bool>& wanted);
};

ProbeGroupEntry signalProbes();
ProbeGroupEntry alignmentProbes();
ProbeGroupEntry powerProbes();
ProbeGroupEntry deviationProbes();
ProbeGroupEntry spectrumProbes();
ProbeGroupEntry imbalanceProbes();

}  // namespace lowrank
