"""Pages of chiefs, leaders, agencies and residents, one module per page or group of pages."""
