# find_package(SaraSDK 1): gives the target Sara::sdk (headers only) and the function sara_add_plugin().
get_filename_component(_sara_prefix "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
# The prefix is the nearest folder above that holds the headers: the library folder's name differs by system.
while(NOT EXISTS "${_sara_prefix}/include/sara/sara.h")
  get_filename_component(_sara_up "${_sara_prefix}" DIRECTORY)
  if(_sara_up STREQUAL _sara_prefix)
    set(SaraSDK_FOUND FALSE)
    set(SaraSDK_NOT_FOUND_MESSAGE "include/sara/sara.h is not above ${CMAKE_CURRENT_LIST_DIR}")
    return()
  endif()
  set(_sara_prefix "${_sara_up}")
endwhile()

if(NOT TARGET Sara::sdk)
  add_library(Sara::sdk INTERFACE IMPORTED)
  set_target_properties(Sara::sdk PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_sara_prefix}/include")
endif()
include(${CMAKE_CURRENT_LIST_DIR}/SaraAddPlugin.cmake)
