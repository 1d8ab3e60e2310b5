// The options about the network: hosts, blockHostnames, blacklistIPs, dns, tls..., rps, localIPs, httpDebug.
//
// Thread: pure functions.
#pragma once

#include "common/net/network_options.h"
#include "controller/script/fields.h"
#include "controller/script/layers.h"

namespace kload::controller {

// What is wrong is added to `problems`, with its place: options.tlsAuth[0].key.
NetworkOptions ReadNetworkOptions(const Layers& layers, Problems& problems);

}  // namespace kload::controller
