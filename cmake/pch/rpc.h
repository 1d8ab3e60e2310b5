#include "std.h"

#include <grpcpp/grpcpp.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "kload/v1/cluster.grpc.pb.h"
#include "kload/v1/control.grpc.pb.h"
