// Estimates with their uncertainty: quantiles, shares and differences of two of them.
//
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "common/metric/sink.h"

namespace kload::analysis {

struct Interval {
  double low = 0;
  double high = 0;
};

// A value and where the true one lies with the asked-for confidence. An unbounded side is infinite: too few samples.
struct Estimate {
  double value = 0;
  Interval interval = {};
};

// The z that a standard normal variable stays below with probability p, 0 < p < 1. Error below 1.2e-9.
// Source: P. J. Acklam's rational approximation.
double NormalQuantile(double p);
// The same of Student's t with `degrees` > 2 degrees of freedom. Error below 0.5 % from 8 degrees on.
// Source: the expansion of Cornish and Fisher.
double StudentQuantile(double p, double degrees);

// Quantile p of the samples. The interval is that of order statistics (ranks n p +- z sqrt(n p (1 - p) design_effect)),
// free of assumptions about their distribution. `design_effect` >= 1: how many times as many samples one would need as
// if they were independent of each other.
Estimate QuantileEstimate(const TrendSink& samples, ValueKind kind, double p, double z,
                          double design_effect);

// Share of `hits` among `total`; the interval is Wilson's, with total / design_effect samples. total > 0.
Estimate ShareEstimate(double hits, double total, double z, double design_effect);

// Where after - before lies. Source: Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).
Interval DifferenceInterval(const Estimate& before, const Estimate& after);

double Median(std::vector<double> values);  // 0 without values
double Mean(const std::vector<double>& values);

}  // namespace kload::analysis
