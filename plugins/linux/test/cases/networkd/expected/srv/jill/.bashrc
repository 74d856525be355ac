# of the skeleton
