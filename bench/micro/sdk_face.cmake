find_package(benchmark REQUIRED)
add_executable(sdk_face_bench sdk_face_bench.cpp)
target_link_libraries(sdk_face_bench PRIVATE Sara::sdk benchmark::benchmark_main sara_build)
