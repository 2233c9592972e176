// dmft() and dataDrivenTwin(): the sweep over simulated samples and over the rows of a real run, as tasks.
#include "../core/asymptotics/dmft.h"

#include <cstring>
#include <string>
#include <utility>

#include "arguments.h"
#include "exports.h"
#include "task.h"
#include "vector_arguments.h"

namespace lowrank::binding {
namespace {

using Buffer = AlignedBuffer<double>;

constexpr std::int64_t kMostIterations = 20000;
constexpr std::int64_t kMostSamples = INT64_C(1) << 40;

Napi::Value arrayOf(Napi::Env env, const double* data, std::size_t count) {
  Napi::Float64Array array = Napi::Float64Array::New(env, count);
  if (count > 0) std::memcpy(array.Data(), data, count * sizeof(double));
  return array;
}

// Options, and the arrays that they point to.
struct Decoded {
  DmftOptions options;
  Buffer z, y, t;
};

// Reads all properties, which may run getters, before any array is looked at.
Decoded decode(Napi::Value value, bool twin) {
  const Napi::Object given = object(value, "options");
  Decoded decoded;
  DmftOptions& o = decoded.options;
  const auto number = [&](const char* name) { return finiteNumber(property(given, name), name); };
  o.field = fieldArgument(property(given, "field"), "field");
  o.delta = number("delta");
  o.loss = lossArgument(property(given, "loss"), "loss");
  o.iterations = integer(property(given, "iterations"), "iterations", 0, kMostIterations);
  o.ridge = number("ridge");
  o.momentum = number("momentum");
  o.batch = number("batch");
  o.spectral = boolean(property(given, "spectral"), "spectral");
  o.tau = number("tau");
  o.overlap = number("overlap");
  o.norm = number("norm");
  o.spectralMemory = boolean(property(given, "spectralMemory"), "spectralMemory");
  o.seed = seed(property(given, "seed"), "seed");
  o.firstSample = integer(property(given, "firstSample"), "firstSample", 0, kMostSamples);
  const Napi::Value steps = property(given, "steps"), z = property(given, "z"), y = property(given, "y"),
                    t = property(given, "t");

  const Buffer stepSizes = copyOf(steps, "steps", o.iterations);
  o.steps.assign(stepSizes.data(), stepSizes.data() + stepSizes.size());
  decoded.y = copyOf(y, "y", -1);
  o.samples = decoded.y.size();
  if (!twin) decoded.z = splitCopyOf(z, "z", o.samples, o.field);
  if (o.spectral) decoded.t = copyOf(t, "t", o.samples);
  if (!o.spectral && !t.IsNull()) refuse("Expected null for t with an independent start but " + received(t) + ".");
  o.z = decoded.z.data();
  o.y = decoded.y.data();
  o.t = o.spectral ? decoded.t.data() : nullptr;
  return decoded;
}

class DmftWork final : public TaskWork {
 public:
  DmftWork(Decoded input, int threads) : input_(std::move(input)), threads_(threads) {}

  void execute() override {
    Team team(threads_, &cancelFlag);
    result = dmftSweep(input_.options, team, progress);
  }

  DmftResult result;

 private:
  const Decoded input_;
  const int threads_;
};

class TwinWork final : public TaskWork {
 public:
  TwinWork(Decoded input, Buffer r, int threads)
      : fields(r.size()), input_(std::move(input)), r_(std::move(r)), threads_(threads) {}

  void execute() override {
    Team team(threads_, &cancelFlag);
    result = dataDrivenTwin(input_.options, r_.data(), fields.data(), team, progress);
  }
  // w^t at their place in `out`, as they cross the border.
  void joinFields(double* out) const {
    const DmftOptions& o = input_.options;
    const std::int64_t wide = o.samples * (o.field == Field::complex ? 2 : 1);
    for (std::int64_t t = 0; t <= o.iterations; ++t)
      joinInto(fields.data() + t * wide, o.samples, o.field, out + t * wide);
  }

  TwinResult result;
  Buffer fields;

 private:
  const Decoded input_;
  const Buffer r_;
  const int threads_;
};

using Column = std::pair<const char*, const std::vector<double>*>;

Napi::Object columnsObject(Napi::Env env, std::initializer_list<Column> columns) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, values] : columns) object.Set(name, arrayOf(env, values->data(), values->size()));
  return object;
}

Napi::Value dmft(const Napi::CallbackInfo& info) {
  expectArguments(info, "dmft", 3);
  Decoded decoded = decode(info[0], false);
  const int count = threads(info[1]);
  const Napi::Function done = function(info[2], "done");
  auto work = std::make_shared<DmftWork>(std::move(decoded), count);
  const auto finish = [work](Napi::Env env, bool failed) -> Napi::Value {
    if (failed) return env.Undefined();
    work->refuseCancelled();
    const DmftResult& r = work->result;
    return columnsObject(env, {{"m", &r.m},
                               {"q", &r.q},
                               {"trainLoss", &r.trainLoss},
                               {"testLoss", &r.testLoss},
                               {"squaredForce", &r.squaredForce},
                               {"kappa", &r.kappa},
                               {"covariance", &r.covariance},
                               {"responseTheta", &r.responseTheta},
                               {"responseForce", &r.responseForce},
                               {"responseSpectral", &r.responseSpectral},
                               {"forceCovariance", &r.forceCovariance}});
  };
  return startTask(info.Env(), work, done, finish);
}

Napi::Value twin(const Napi::CallbackInfo& info) {
  expectArguments(info, "dataDrivenTwin", 4);
  Decoded decoded = decode(info[0], true);
  const DmftOptions& o = decoded.options;
  const int count = threads(info[2]);
  const Napi::Function done = function(info[3], "done");
  const std::int64_t wide = product(o.samples, o.field == Field::complex ? 2 : 1, "An iterate's field");
  Buffer r = copyOf(info[1], "r", product(wide, o.iterations + 1, "The recorded fields"));
  if (o.field == Field::complex) {  // split, iterate by iterate
    Buffer split(r.size());
    for (std::int64_t t = 0; t <= o.iterations; ++t) {
      for (std::int64_t i = 0; i < o.samples; ++i) {
        split[t * wide + i] = r[t * wide + 2 * i];
        split[t * wide + o.samples + i] = r[t * wide + 2 * i + 1];
      }
    }
    r = std::move(split);
  }
  auto work = std::make_shared<TwinWork>(std::move(decoded), std::move(r), count);
  const auto finish = [work](Napi::Env env, bool failed) -> Napi::Value {
    if (failed) return env.Undefined();
    work->refuseCancelled();
    const TwinResult& r = work->result;
    Napi::Object object = columnsObject(env, {{"testLoss", &r.testLoss},
                                              {"trainLoss", &r.trainLoss},
                                              {"squaredNorm", &r.squaredNorm},
                                              {"responseTheta", &r.responseTheta},
                                              {"responseSpectral", &r.responseSpectral}});
    Napi::Float64Array fields = Napi::Float64Array::New(env, static_cast<std::size_t>(work->fields.size()));
    work->joinFields(fields.Data());
    object.Set("fields", fields);
    return object;
  };
  return startTask(info.Env(), work, done, finish);
}

}  // namespace

void exportDmft(Napi::Object exports) {
  exportFunction<dmft>(exports, "dmft");
  exportFunction<twin>(exports, "dataDrivenTwin");
}

}  // namespace lowrank::binding
