"""What distribution decides, a subject a module. All pure: the same journal gives the same choices."""
