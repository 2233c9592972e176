// topEigenpair(): the spectral estimator of a vector problem, as a task.
#include "../core/vector/top_eigenpair.h"

#include <utility>

#include "design_object.h"
#include "exports.h"
#include "task.h"

namespace lowrank::binding {
namespace {

using Buffer = AlignedBuffer<double>;

class EigenpairWork : public TaskWork {
 public:
  EigenpairWork(std::shared_ptr<const Design> design, Buffer weights, const EigenpairOptions& options, int threads)
      : vector(design->width(design->dimension())),
        field(design->width(design->measurements())),
        design_(std::move(design)),
        weights_(std::move(weights)),
        options_(options),
        threads_(threads) {
    options_.weights = weights_.data();
    options_.field = field.data();
  }

  void execute() override {
    Team team(threads_, &cancelFlag);
    result = topEigenpair(*design_, options_, vector.data(), team);
  }

  Buffer vector, field;
  Eigenpair result;

 private:
  const std::shared_ptr<const Design> design_;
  const Buffer weights_;
  EigenpairOptions options_;
  const int threads_;
};

Napi::Value resultObject(Napi::Env env, const Eigenpair& pair) {
  Napi::Object result = Napi::Object::New(env);
  const auto number = [&](const char* name, double value) { result.Set(name, Napi::Number::New(env, value)); };
  number("value", pair.value);
  number("second", pair.second);
  number("residual", pair.residual);
  number("passes", static_cast<double>(pair.passes));
  result.Set("converged", Napi::Boolean::New(env, pair.converged));
  return result;
}

Napi::Value topEigenpairTask(const Napi::CallbackInfo& info) {
  expectArguments(info, "topEigenpair", 9);
  DesignObject& object = designArgument(info[0]);
  const std::shared_ptr<const Design> design = object.shared();
  const std::int64_t n = design->dimension();
  const Field field = design->field();
  Buffer weights = copyOf(info[1], "weights", design->measurements());
  EigenpairOptions options;
  options.seed = seed(info[2], "seed");
  options.tolerance = nonNegativeNumber(info[3], "tolerance");
  options.maxPasses = integer(info[4], "maxPasses", 2, kMaxSafeInteger);
  const int count = threads(info[5]);
  vectorOutput(info[6], "vector", n, field);
  vectorOutput(info[7], "field", design->measurements(), field);
  const Napi::Function done = function(info[8], "done");

  auto work = std::make_shared<EigenpairWork>(design, std::move(weights), options, count);
  const auto keep = [](Napi::Value value) {
    return std::make_shared<Napi::ObjectReference>(Napi::Persistent(value.As<Napi::Object>()));
  };
  const auto finish = [work, vector = keep(info[6]), r = keep(info[7]), n, m = design->measurements(), field](
                          Napi::Env env, bool failed) -> Napi::Value {
    if (failed) return env.Undefined();
    work->refuseCancelled();
    // Looked at anew: their memory may have been transferred meanwhile.
    joinInto(work->vector.data(), n, field, vectorOutput(vector->Value(), "vector", n, field).data);
    joinInto(work->field.data(), m, field, vectorOutput(r->Value(), "field", m, field).data);
    return resultObject(env, work->result);
  };
  Napi::Value task = startTask(info.Env(), work, done, finish);
  object.markUsed();
  return task;
}

}  // namespace

void exportTopEigenpair(Napi::Object exports) { exportFunction<topEigenpairTask>(exports, "topEigenpair"); }

}  // namespace lowrank::binding
